"""A client connection without a network, for tests."""

from collections.abc import Awaitable, Callable


class RecordingConnection:
    """Records what is written: texts, and at last the close."""

    def __init__(self, *, is_writable: bool = True) -> None:
        self.is_writable = is_writable
        self.written: list[str | tuple[int, str]] = []
        self.aborted = False

    @property
    def is_closed(self) -> bool:
        return bool(self.written) and not isinstance(self.written[-1], str)

    def start(
        self,
        on_text: Callable[[str | None], None],
        on_writable: Callable[[], None],
        on_unresponsive: Callable[[], None],
    ) -> Awaitable[None]:
        raise NotImplementedError

    def pause_reading(self) -> None:
        raise NotImplementedError

    def resume_reading(self) -> None:
        raise NotImplementedError

    def write(self, frame: bytes) -> None:
        self.written.append(text_of(frame))

    def close(self, code: int, reason: str) -> None:
        self.written.append((code, reason))

    def abort(self) -> None:
        self.aborted = True


def text_of(frame: bytes) -> str:
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :].decode()
