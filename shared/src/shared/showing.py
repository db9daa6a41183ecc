"""What a client is shown of an entry: state, without the audience."""

from typing import Any, assert_never

from shared import entries, frames
from shared.vocabulary import Wire


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


def _shown(frame: type[Wire], data: Wire, **more: Any) -> Wire:
    """The fields of `data` that the frame has; they were validated when the entry was read."""
    fields: dict[str, Any] = {name: value for name, value in data if name in frame.model_fields}
    return frame.model_construct(**fields, **more)
