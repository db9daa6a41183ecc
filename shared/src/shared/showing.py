"""What a client is shown of an entry: state, without the audience."""

from collections.abc import Iterable
from functools import cache
from typing import Any, assert_never

import orjson

from shared import entries, frames
from shared.vocabulary import PAGE_BYTES, Wire


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


def page(frames: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """So many of them as a page may hold; at least one, if there is one."""
    shown: list[dict[str, Any]] = []
    left = PAGE_BYTES
    for frame in frames:
        left -= len(orjson.dumps(frame))
        if shown and left < 0:
            break
        shown.append(frame)
    return shown


def _shown(frame: type[Wire], data: Wire, **more: Any) -> Wire:
    """The fields of `data` that the frame has; they were validated when the entry was read."""
    known = _names(frame)
    fields: dict[str, Any] = {name: value for name, value in data if name in known}
    return frame.model_construct(**fields, **more)


@cache
def _names(frame: type[Wire]) -> frozenset[str]:
    return frozenset(frame.model_fields)
