"""A client's connection without a network."""

from collections.abc import Awaitable, Callable


class Far:
    """What was written, as texts, and at last the close."""

    def __init__(self, *, taking: bool = True) -> None:
        self.taking = taking
        self.told: list[str | tuple[int, str]] = []
        self.aborted = False

    @property
    def closed(self) -> bool:
        return bool(self.told) and not isinstance(self.told[-1], str)

    def listen(
        self,
        heard: Callable[[str | None], None],
        takes: Callable[[], None],
        unresponsive: Callable[[], None],
    ) -> Awaitable[None]:
        raise NotImplementedError

    def hold(self) -> None:
        raise NotImplementedError

    def read(self) -> None:
        raise NotImplementedError

    def write(self, frame: bytes) -> None:
        self.told.append(text_of(frame))

    def close(self, code: int, reason: str) -> None:
        self.told.append((code, reason))

    def abort(self) -> None:
        self.aborted = True


def text_of(frame: bytes) -> str:
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :].decode()
