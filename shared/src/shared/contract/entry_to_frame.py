"""What a client is shown of an entry: state, without the audience."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, assert_never

import orjson

from shared.contract import entries, frames
from shared.contract.fields import LIST_BYTES, PAGE_BYTES, Wire


def frame_of(entry: entries.Entry) -> Wire:
    match entry:
        case entries.MessageSent(data=data):
            return _shown(frames.MessageFrame, data, is_read=False)  # nobody has read what is just told
        case entries.ConversationStarted(data=data):
            return _shown(frames.ConversationFrame, data)
        case entries.MemberAdded(data=data) | entries.MemberRemoved(data=data):
            return _shown(frames.ConversationFrame, data)
        case entries.ReadMoved(data=data):
            return _shown(frames.ReadFrame, data)
        case entries.EventRejected(data=data):
            return _shown(frames.RejectedFrame, data)
    assert_never(entry)


def page(frames: Iterable[dict[str, Any]], most: int = PAGE_BYTES) -> list[dict[str, Any]]:
    """So many of them as a page of `most` bytes may hold; at least one, if there is one."""
    shown: list[dict[str, Any]] = []
    left = most
    for frame in frames:
        left -= len(orjson.dumps(frame))
        if shown and left < 0:
            break
        shown.append(frame)
    return shown


def history_page(messages: Sequence[dict[str, Any]], older: int) -> tuple[int, int]:
    """Begin and end of what is nearest to a bound and fits into LIST_BYTES; at least one message, if there is
    one. The first `older` of `messages` are below the bound."""
    characters = sum(len(message["text"]) for message in messages)
    if _surely_fit(characters, 2_048 * len(messages)):
        return 0, len(messages)
    nearest: list[int] = []
    for distance in range(len(messages)):
        if older + distance < len(messages):
            nearest.append(older + distance)
        if distance < older:
            nearest.append(older - 1 - distance)
    shown = nearest[: len(page((messages[index] for index in nearest), LIST_BYTES))]
    return min(shown), max(shown) + 1


def conversations_page(conversations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of them, as many as fit into LIST_BYTES; at least one, if there is one."""
    characters = sum(len(each["lastMessage"]["text"]) for each in conversations if each["lastMessage"])
    members = sum(len(each["members"]) for each in conversations)
    if _surely_fit(characters, 4_096 * len(conversations) + 800 * members):
        return conversations
    return page(conversations, LIST_BYTES)


def _surely_fit(characters: int, besides: int) -> bool:
    """Without writing it out: a character has at most 6 bytes as JSON, and so many bytes come besides."""
    return 6 * characters + besides <= LIST_BYTES


def _shown(frame: type[Wire], data: Wire, **more: Any) -> Wire:
    """The fields of `data` that the frame has; they were validated when the entry was read."""
    known = _names(frame)
    fields: dict[str, Any] = {name: value for name, value in data if name in known}
    return frame.model_construct(**fields, **more)


@cache
def _names(frame: type[Wire]) -> frozenset[str]:
    return frozenset(frame.model_fields)
