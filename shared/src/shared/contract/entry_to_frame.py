"""What a client is shown of an entry: state, without the audience."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, assert_never

import orjson

from shared.contract import entries, frames
from shared.contract.fields import MAX_PAGE_BYTES, MAX_SYNC_PAGE_BYTES, WireModel


def entry_to_frame(entry: entries.Entry) -> WireModel:
    match entry:
        case entries.MessageSentEntry(data=data):
            return _frame(frames.MessageFrame, data, is_read=False)  # nobody has read what is just told
        case entries.ConversationStartedEntry(data=data):
            return _frame(frames.ConversationFrame, data)
        case entries.MemberAddedEntry(data=data) | entries.MemberRemovedEntry(data=data):
            return _frame(frames.ConversationFrame, data)
        case entries.ReadMovedEntry(data=data):
            return _frame(frames.ReadFrame, data)
        case entries.EventRejectedEntry(data=data):
            return _frame(frames.RejectedFrame, data)
    assert_never(entry)


def fit_page(frames: Iterable[dict[str, Any]], max_bytes: int = MAX_SYNC_PAGE_BYTES) -> list[dict[str, Any]]:
    """So many of them as a page of `most` bytes may hold; at least one, if there is one."""
    page: list[dict[str, Any]] = []
    left = max_bytes
    for frame in frames:
        left -= len(orjson.dumps(frame))
        if page and left < 0:
            break
        page.append(frame)
    return page


def fit_history_page(messages: Sequence[dict[str, Any]], below: int) -> tuple[int, int]:
    """Begin and end of what is nearest to a bound and fits into LIST_BYTES; at least one message, if there is
    one. The first `older` of `messages` are below the bound."""
    characters = sum(len(message["text"]) for message in messages)
    if _fits_for_certain(characters, 2_048 * len(messages)):
        return 0, len(messages)
    nearest: list[int] = []
    for distance in range(len(messages)):
        if below + distance < len(messages):
            nearest.append(below + distance)
        if distance < below:
            nearest.append(below - 1 - distance)
    fitting = nearest[: len(fit_page((messages[index] for index in nearest), MAX_PAGE_BYTES))]
    return min(fitting), max(fitting) + 1


def fit_conversations_page(conversations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of them, as many as fit into LIST_BYTES; at least one, if there is one."""
    characters = sum(len(each["lastMessage"]["text"]) for each in conversations if each["lastMessage"])
    members = sum(len(each["members"]) for each in conversations)
    if _fits_for_certain(characters, 4_096 * len(conversations) + 800 * members):
        return conversations
    return fit_page(conversations, MAX_PAGE_BYTES)


def _fits_for_certain(characters: int, besides: int) -> bool:
    """Without writing it out: a character has at most 6 bytes as JSON, and so many bytes come besides."""
    return 6 * characters + besides <= MAX_PAGE_BYTES


def _frame(frame: type[WireModel], data: WireModel, **more: Any) -> WireModel:
    """The fields of `data` that the frame has; they were validated when the entry was read."""
    known = _field_names(frame)
    fields: dict[str, Any] = {name: value for name, value in data if name in known}
    return frame.model_construct(**fields, **more)


@cache
def _field_names(frame: type[WireModel]) -> frozenset[str]:
    return frozenset(frame.model_fields)
