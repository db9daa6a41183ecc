"""Rows of the read models as the JSON that a client gets."""

from typing import Any

from message_store.domain.rows import JournalRecord
from message_store.read_models.entry_encoder import encode_entry
from message_store.read_models.journal import result_from_row
from shared.contract import codec, page_token
from shared.contract.entry_to_frame import entry_to_frame
from shared.contract.fields import MAX_READ_RECEIPT_MEMBERS
from shared.http.problems import Problem

Row = tuple[Any, ...]


def message(conversation_id: str, user: str, read: Row, row: Row) -> dict[str, Any]:
    """`row` as reading._MESSAGE, `read` as reading._READ selects it."""
    identity, seq, sender, text, created_at, version, client_id = row
    view = {
        "id": identity,
        "conversationId": conversation_id,
        "seq": seq,
        "senderId": sender,
        "text": text,
        "createdAt": created_at,
        "isRead": _is_read(sender == user, seq, read),
        "version": version,
    }
    return view if client_id is None else view | {"clientId": client_id}


def _is_read(mine: bool, seq: int, read: Row) -> bool:
    own, member_count, others = read
    if not mine:
        return bool(seq <= (own or 0))
    return others is not None and member_count <= MAX_READ_RECEIPT_MEMBERS and bool(seq <= others)


def conversation(user: str, row: Row) -> dict[str, Any]:
    """`row` as reading._CONVERSATION selects it."""
    identity, kind, title, last_seq, version, created_at, updated_at, members, *rest = row
    read, last = tuple(rest[:3]), tuple(rest[3:])
    view: dict[str, Any] = {"id": identity, "kind": kind, "title": title}
    if kind == "direct":
        view["peerId"] = next((member for member in members if member != user), user)
    return view | {
        "members": members,
        "memberCount": read[1],
        "lastMessage": None if last[0] is None else message(identity, user, read, last),
        "lastSeq": last_seq,
        "readSeq": read[0],
        "unreadCount": last_seq - read[0],
        "createdAt": created_at,
        "updatedAt": updated_at,
        "version": version,
    }


def frame(user: str, epoch: str, row: Row) -> dict[str, Any]:
    """The frame that a socket of `user` would get; `row` as reading.SYNC selects it."""
    entry = codec.decode_entry(encode_entry(result_from_row(JournalRecord(*row[:22])), epoch, "parley"))
    shown: dict[str, Any] = entry_to_frame(entry).model_dump()
    if shown["type"] == "message":
        shown["isRead"] = _is_read(shown["senderId"] == user, shown["seq"], row[22:25])
    return shown


def next_page(view: dict[str, Any]) -> str:
    """Where the page after this conversation begins."""
    return page_token.encode(view["updatedAt"], view["id"])


def read_page_token(token: str) -> tuple[str, str]:
    """Raises Problem(invalid)."""
    try:
        return page_token.decode(token)
    except ValueError:
        raise Problem("invalid", "page: is not a token that `nextPage` gave") from None
