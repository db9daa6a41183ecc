"""What a client's socket says: a text becomes a frame, or the reason why it is none."""

from collections import deque
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from gateway import validation_errors
from shared.contract.fields import ClientId
from shared.contract.frames import ClientFrame, ErrorFrame, client_frame_adapter

_TYPES = [kind for model in get_args(ClientFrame) for kind in get_args(model.model_fields["type"].annotation)]
_client_id: TypeAdapter[str] = TypeAdapter(ClientId)


class BadFrame(Exception):
    def __init__(self, code: str, message: str, client_id: str | None = None) -> None:
        super().__init__(code)
        self.answer = ErrorFrame(code=code, message=message, client_id=client_id)


def read(text: str | None, limit: int) -> ClientFrame:
    """A text of at most `limit` bytes; None is none. Raises BadFrame."""
    if text is None:
        raise BadFrame("bad_frame", "frames are text")
    if len(text) > limit // 4 and len(text.encode()) > limit:
        raise BadFrame("too_big", f"the frame is larger than {limit} bytes")
    if (many := validation_errors.many_members(text)) is not None:
        raise BadFrame(
            "invalid", f"the frame has more than {validation_errors.MAX_MEMBERS} fields", _named(many)
        )
    try:
        return client_frame_adapter.validate_json(text, by_name=False)
    except ValidationError as error:
        raise _bad(text, error) from None


def _bad(text: str, error: ValidationError) -> BadFrame:
    try:
        value = validation_errors.well_formed(text, error)
    except validation_errors.NotJson as not_json:
        return BadFrame("bad_frame", f"the frame {not_json}")
    if not isinstance(value, dict):
        return BadFrame("bad_frame", "the frame is no JSON object")
    if value.get("type") not in _TYPES:
        return BadFrame("bad_frame", f"type: must be one of {', '.join(_TYPES)}", _named(value))
    rule = validation_errors.broken_rule(client_frame_adapter, value, error, skip=1)  # its type comes first
    return BadFrame("invalid", rule, _named(value))


def _named(value: dict[str, Any]) -> str | None:
    """The client's own name for what was refused, if it is a good one."""
    try:
        return _client_id.validate_python(value.get("clientId"))
    except ValidationError:
        return None


class Flood:
    """More than `most` within `seconds`?"""

    def __init__(self, most: int = 100, seconds: float = 10.0) -> None:
        self._times: deque[float] = deque(maxlen=most + 1)
        self._most = most
        self._seconds = seconds

    def another(self, now: float) -> bool:
        """Whether this one is too many."""
        self._times.append(now)
        return len(self._times) > self._most and now - self._times[0] < self._seconds
