"""The hand-written JSON of messages, conversations and frames, against their models field by field."""

from types import SimpleNamespace
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from message_store.query_api import views
from message_store.query_api.sync_frames import BUILDERS, encode_frame
from shared.contract import codec, frames
from shared.contract.entries import Entry, UserRevokedEntry
from shared.contract.fields import MAX_LISTED_MEMBERS, MAX_SEQ
from shared.http.problems import Problem

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=50)
users = st.sampled_from(["ann", "bob", "Zoë", "dan"])
ids = st.uuids().map(str)
seqs = st.integers(0, MAX_SEQ)
times = st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.000Z".rjust(24, "0"))
names = st.none() | texts
readers = {
    "read_seq": st.none() | seqs,
    "member_count": st.integers(1, 1_024),
    "others_read_seq": st.none() | seqs,
}
members = st.lists(st.integers(0, 999).map("user-{}".format), max_size=MAX_LISTED_MEMBERS + 5, unique=True)


def rows(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(SimpleNamespace, **columns)


message_columns = {
    "id": ids,
    "seq": seqs,
    "sender_id": users,
    "text": texts,
    "created_at": times,
    "version": seqs,
    "client_id": st.none() | st.sampled_from(["1", "é"]),
}
conversation_columns = readers | {
    "id": ids,
    "kind": st.sampled_from(["direct", "group"]),
    "title": names,
    "last_seq": seqs,
    "read_seq": st.just(0),
    "version": seqs,
    "created_at": times,
    "updated_at": times,
    "members": st.lists(users, min_size=1, unique=True),
    **{f"message_{name}": strategy for name, strategy in message_columns.items()},
}
sync_columns = (
    message_columns
    | readers
    | {
        "kind": st.sampled_from(sorted(BUILDERS)),
        "conversation_id": ids,
        "actor": users,
        "subject": ids,
        "rejected_client_id": st.none() | st.just("1"),
        "reason": st.just("not_found"),
        "conversation_kind": st.sampled_from(["direct", "group"]),
        "title": names,
        "members": members,
        "started_at": times,
        "updated_at": times,
    }
)
FRAMES: dict[str, type[BaseModel]] = {
    "message.sent": frames.MessageFrame,
    "read.moved": frames.ReadFrame,
    "conversation.started": frames.ConversationFrame,
    "member.added": frames.ConversationFrame,
    "member.removed": frames.ConversationFrame,
    "event.rejected": frames.RejectedFrame,
}


def require_encodes_as(model: type[BaseModel], encoded: bytes) -> None:
    """The model takes it as it is on the wire, and would write the same bytes."""
    assert codec.encode(model.model_validate_json(encoded, by_name=False)) == encoded


def fields(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@given(rows(**message_columns), ids, users, rows(**readers))
def test_a_message_is_what_its_model_writes(row: Any, conversation: str, user: str, reader: Any) -> None:
    view = views.message(row, conversation, views.Reader.of_row(user, reader))
    require_encodes_as(frames.Message, orjson.dumps(view))
    missing = set() if row.client_id is not None else {"clientId"}
    assert set(view) == fields(frames.Message) - missing


@given(rows(**conversation_columns), users)
@settings(deadline=None)
def test_a_conversation_is_what_its_model_writes(row: Any, user: str) -> None:
    view = views.conversation(row, user)
    require_encodes_as(frames.Conversation, orjson.dumps(view))
    assert set(view) == fields(frames.Conversation) - (set() if row.kind == "direct" else {"peerId"})


@given(rows(**sync_columns), users)
@settings(deadline=None)
def test_a_frame_is_what_its_model_writes(row: Any, user: str) -> None:
    frame, model = encode_frame(row, user), FRAMES[row.kind]
    require_encodes_as(model, frame)
    optional = {name for name in fields(model) if model.model_fields.get("client_id") and name == "clientId"}
    assert fields(model) - optional <= set(orjson.loads(frame)) <= fields(model)


def test_every_kind_of_entry_that_users_are_shown_has_its_frame() -> None:
    kinds = {
        kind.removeprefix("chat.").removesuffix(".v1")
        for entry in get_args(Entry)
        if entry is not UserRevokedEntry
        for kind in get_args(entry.model_fields["type"].annotation)
    }
    assert set(BUILDERS) == set(FRAMES) == kinds


def test_a_kind_of_a_newer_release_is_unavailable_until_this_process_is_upgraded() -> None:
    with pytest.raises(Problem, match=r"a newer release wrote an entry of kind message\.edited") as raised:
        encode_frame(SimpleNamespace(kind="message.edited"), "ann")
    assert (raised.value.status, raised.value.retry_after) == (503, 1)
