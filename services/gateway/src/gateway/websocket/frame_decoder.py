"""Decodes a client's text into the frame of a command, or describes why it is not one."""

from collections import deque
from typing import Annotated, Any, Union, get_args

from pydantic import Field, TypeAdapter, ValidationError

from gateway import validation_errors
from gateway.commands.command import ClientFrame
from gateway.commands.registry import FRAME_COMMANDS
from gateway.websocket.auth_frame import AuthFrame
from shared.contract.fields import ClientId
from shared.contract.frames import ErrorFrame

FRAMES: tuple[type[ClientFrame[Any]], ...] = (*(command.frame for command in FRAME_COMMANDS), AuthFrame)
TYPES = [str(kind) for frame in FRAMES for kind in get_args(frame.model_fields["type"].annotation)]
_union: Any = Union[FRAMES]  # noqa: UP007  # only known at run time
client_frame: TypeAdapter[ClientFrame[Any]] = TypeAdapter(Annotated[_union, Field(discriminator="type")])
_client_id: TypeAdapter[str] = TypeAdapter(ClientId)


class BadFrame(Exception):
    def __init__(self, code: str, message: str, client_id: str | None = None) -> None:
        super().__init__(code)
        self.error_frame = ErrorFrame(code=code, message=message, client_id=client_id)


def decode(text: str | None, max_bytes: int) -> ClientFrame[Any]:
    """Decode a text of at most `max_bytes`; None stands for a binary message. Raises BadFrame."""
    if text is None:
        raise BadFrame("bad_frame", "frames must be text")
    if len(text) > max_bytes // 4 and len(text.encode()) > max_bytes:
        raise BadFrame("too_big", f"the frame is larger than {max_bytes} bytes")
    if (value := validation_errors.oversized_object(text)) is not None:
        message = f"the frame has more than {validation_errors.MAX_MEMBERS} fields"
        raise BadFrame("invalid", message, _valid_client_id(value))
    try:
        return client_frame.validate_json(text, by_name=False)
    except ValidationError as error:
        raise _bad_frame(text, error) from None


def _bad_frame(text: str, error: ValidationError) -> BadFrame:
    try:
        value = validation_errors.parse_strict(text, error)
    except validation_errors.InvalidJson as invalid:
        return BadFrame("bad_frame", f"the frame {invalid}")
    if not isinstance(value, dict):
        return BadFrame("bad_frame", "the frame is not a JSON object")
    if value.get("type") not in TYPES:
        return BadFrame("bad_frame", f"type: must be one of {', '.join(TYPES)}", _valid_client_id(value))
    violation = validation_errors.describe_violation(client_frame, value, error, skip=1)  # skip the type
    return BadFrame("invalid", violation, _valid_client_id(value))


def _valid_client_id(value: dict[str, Any]) -> str | None:
    """The `clientId` of a refused frame, if it is well-formed: it names the frame in the error."""
    try:
        return _client_id.validate_python(value.get("clientId"))
    except ValidationError:
        return None


class SlidingWindow:
    """Detects more than `max_hits` within `seconds`."""

    def __init__(self, max_hits: int, seconds: float) -> None:
        self._times: deque[float] = deque(maxlen=max_hits + 1)
        self._max_hits = max_hits
        self._seconds = seconds

    def hit(self, now: float) -> bool:
        """Count one; return whether it is too many."""
        self._times.append(now)
        return len(self._times) > self._max_hits and now - self._times[0] < self._seconds
