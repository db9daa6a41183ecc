"""A client connection without a network, for tests."""

from collections.abc import Awaitable, Callable


class RecordingConnection:
    """Records what is written: texts, and at last the close."""

    def __init__(self, *, taking: bool = True) -> None:
        self.taking = taking
        self.written: list[str | tuple[int, str]] = []
        self.aborted = False

    @property
    def closed(self) -> bool:
        return bool(self.written) and not isinstance(self.written[-1], str)

    def listen(
        self,
        on_text: Callable[[str | None], None],
        on_writable: Callable[[], None],
        unresponsive: Callable[[], None],
    ) -> Awaitable[None]:
        raise NotImplementedError

    def hold(self) -> None:
        raise NotImplementedError

    def read(self) -> None:
        raise NotImplementedError

    def write(self, frame: bytes) -> None:
        self.written.append(text_of(frame))

    def close(self, code: int, reason: str) -> None:
        self.written.append((code, reason))

    def abort(self) -> None:
        self.aborted = True


def text_of(frame: bytes) -> str:
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :].decode()
