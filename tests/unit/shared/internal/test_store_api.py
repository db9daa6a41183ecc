"""Round-trip law of the store API: what one end encodes is what the other decodes."""

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract import cursor as cursors
from shared.contract.fields import MAX_SEQ
from shared.http.problems import Problem
from shared.internal import store_api
from shared.internal.store_api import (
    CallParams,
    ConversationParams,
    ConversationsParams,
    HistoryParams,
    MembershipAnswer,
    MembershipParams,
    OutcomeAnswer,
    OutcomeParams,
    Params,
    ProjectionOffsets,
    RedeemAnswer,
    RedeemParams,
    RevocationsPage,
    RevocationsParams,
    SyncPage,
    SyncParams,
    fit_frames,
)

EPOCH = "0123456789abcdef"
POSITION = f"{EPOCH}-0-5"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
users = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=30)
conversations = st.uuids().map(str)
times = st.just("2026-01-15T09:30:00.250Z")
positions = st.just(POSITION)
limits = st.integers(1, 100)
seqs = st.integers(0, MAX_SEQ)
common: dict[str, Any] = {"user": users, "position": st.none() | positions, "wait": st.floats(0, 10)}
of_conversation: dict[str, Any] = common | {"conversation": conversations}

params = st.one_of(
    st.builds(ConversationParams, **of_conversation),
    st.builds(MembershipParams, **of_conversation),
    st.builds(ConversationsParams, **common, limit=limits, page=st.none() | texts),
    st.builds(HistoryParams, **of_conversation, limit=limits),
    st.builds(HistoryParams, **of_conversation, limit=limits, before=seqs),
    st.builds(HistoryParams, **of_conversation, limit=limits, after=seqs),
    st.builds(HistoryParams, **of_conversation, limit=limits, around=seqs),
    st.builds(SyncParams, **common, limit=limits, cursor=st.none() | texts),
    st.builds(OutcomeParams, **common | {"position": positions}),
    st.builds(RevocationsParams, since=times, after=st.none() | users),
    st.builds(RedeemParams, id=conversations, expires_at=times),
)
offsets = st.lists(st.integers(0, 2**63 - 1), max_size=12).map(tuple)
projections = st.builds(ProjectionOffsets, st.just(EPOCH), offsets)
frames = st.dictionaries(texts, texts).map(orjson.dumps)


@given(params)
def test_parameters_are_decoded_as_encoded(encoded: Params) -> None:
    path, query = encoded.encode()
    conversation = path.removeprefix("/conversations/") if "{" in encoded.path else None
    in_path = {} if conversation is None else {"conversation": conversation}
    assert type(encoded).decode(urlencode(query).encode(), in_path) == encoded


def test_every_call_has_a_strategy_here_and_a_path_of_its_own() -> None:
    subclasses = [*Params.__subclasses__(), *CallParams.__subclasses__()]
    calls = [call for call in subclasses if call is not CallParams]
    assert {strategy.__name__ for strategy in calls} == {
        "ConversationParams",
        "ConversationsParams",
        "HistoryParams",
        "MembershipParams",
        "OutcomeParams",
        "RedeemParams",
        "RevocationsParams",
        "SyncParams",
    }
    assert len({call.path for call in calls} | {store_api.PROGRESS_PATH}) == len(calls) + 1


@given(projections, st.booleans())
def test_offsets_and_membership_are_decoded_as_encoded(projection: ProjectionOffsets, member: bool) -> None:
    assert ProjectionOffsets.decode(projection.encode()) == projection
    answer = MembershipAnswer(member, projection)
    assert MembershipAnswer.decode(answer.encode()) == answer


@given(
    st.builds(
        OutcomeAnswer,
        st.sampled_from(["entry", "duplicate", "rejected", "skipped"]),
        st.none() | texts,
        st.none() | st.dictionaries(texts, texts),
    )
)
def test_an_outcome_is_decoded_as_encoded(answer: OutcomeAnswer) -> None:
    assert OutcomeAnswer.decode(answer.encode()) == answer


def test_an_outcome_with_a_field_of_a_later_release_is_decoded() -> None:
    assert OutcomeAnswer.decode(b'{"outcome":"entry","later":1}') == OutcomeAnswer("entry")


@given(st.builds(SyncPage, st.lists(frames, max_size=5), texts, st.booleans()))
def test_a_page_of_frames_is_decoded_as_encoded_and_as_rest_clients_receive_it(page: SyncPage) -> None:
    assert SyncPage.decode(page.encode()) == page
    entries = [orjson.loads(frame) for frame in page.frames]
    expected = {"entries": entries, "cursor": page.cursor, "hasMore": page.has_more}
    assert page.to_json() == orjson.dumps(expected)


@given(st.lists(frames, max_size=8), st.integers(0, 300))
def test_a_page_has_as_many_frames_as_fit_and_at_least_one(frames: list[bytes], max_bytes: int) -> None:
    page = fit_frames(frames, max_bytes)
    assert page == frames[: len(page)]
    assert sum(map(len, page)) <= max_bytes or len(page) == 1
    if len(page) < len(frames):
        assert page
        assert sum(map(len, frames[: len(page) + 1])) > max_bytes


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (b"", "invalid: user: Field required"),
        (b"user=ann", "invalid: conversation: Field required"),
        (b"user=ann&conversation=x", "invalid: conversation: is not a UUID"),
        (b"user=ann&user=bob", "bad_request: user: is repeated"),
        (b"user=%ff", "bad_request: the query is not percent-encoded UTF-8"),
        (b"user=ann&wait=11", "invalid: wait: "),
        (b"user=ann&wait=nan", "invalid: wait: "),
        (b"user=ann&limit=0", "invalid: limit: .*whole number from 1 to 100"),
        (b"user=ann&limit=1.0", "invalid: limit: .*whole number from 1 to 100"),
        (b"user=ann&before=-1", "invalid: before: .*whole number"),
        (b"before=1&after=2", "invalid: .*before, after, around: at most one of them"),
    ],
)
def test_parameters_that_no_gateway_sends_are_refused(query: bytes, problem: str) -> None:
    conversation = b"" if b"conversation" in query or query in (b"", b"user=ann") else _CONVERSATION
    user = b"" if b"user" in query or not query else b"&user=ann"
    with pytest.raises(Problem, match=problem):
        HistoryParams.decode(query + user + conversation, {})


_CONVERSATION = b"&conversation=e3e930a8-74e7-5227-a5bb-446cacb95739"


def test_a_cursor_belongs_to_its_user() -> None:
    cursor = cursors.encode(EPOCH, "ann", [1, 2])
    decoded = SyncParams(user="ann", cursor=cursor).decoded_cursor()
    assert decoded is not None
    assert decoded.offsets == (1, 2)
    assert SyncParams(user="ann").decoded_cursor() is None
    with pytest.raises(Problem, match="cursor_unusable"):
        SyncParams(user="bob", cursor=cursor).decoded_cursor()
    with pytest.raises(Problem, match="cursor_invalid"):
        SyncParams(user="bob", cursor="x").decoded_cursor()


@pytest.mark.parametrize("other", [None, "", "0", f"0{store_api.PROTOCOL}", str(store_api.PROTOCOL + 1)])
def test_another_protocol_is_a_mismatch(other: str | None) -> None:
    headers = {} if other is None else {store_api.PROTOCOL_HEADER: other}
    assert f"the other end {other or 'none'};" in (store_api.mismatch(headers) or "")
    assert store_api.mismatch(store_api.HEADERS) is None


@given(st.dictionaries(users, times), st.booleans())
def test_a_page_of_revocations_is_decoded_as_encoded_in_its_order(
    revoked_at: dict[str, str], has_more: bool
) -> None:
    page = RevocationsPage(revoked_at, has_more)
    decoded = RevocationsPage.decode(page.encode())
    assert decoded == page
    assert list(decoded.revoked_at) == list(revoked_at)


@given(st.booleans())
def test_the_answer_about_a_ticket_is_decoded_as_encoded(is_redeemed: bool) -> None:
    assert RedeemAnswer.decode(RedeemAnswer(is_redeemed).encode()) == RedeemAnswer(is_redeemed)
