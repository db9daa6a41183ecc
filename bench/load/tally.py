"""What became of each message of a round, at every socket."""

from bench.load.plan import Pair, Report, Round
from bench.load.schedule import Sending

_OWN, _OTHER, _REFUSED = 1, 2, 4


class Tally:
    """Counts what is told to it. Pure: all moments are arguments, in seconds on one clock."""

    def __init__(self, asked: Round, pairs: list[Pair], sendings: list[Sending], copies: int = 2) -> None:
        """`copies`: how many sockets each message comes to; 1 is the other user's."""
        self._asked = asked
        self._copies = copies
        self._prefix = f"{asked.name}."
        self._sendings = sendings
        self._senders = [pairs[s.pair].a if s.by_a else pairs[s.pair].b for s in sendings]
        self._seen = bytearray(len(sendings))
        self._last: dict[tuple[str, str], int] = {}
        self._latencies: list[float] = []
        self._acceptances: list[float] = []
        self._lateness: list[float] = []
        self._refused: list[str] = []
        self._doubled = self._misordered = self._closed = 0
        self._ended = asked.begin
        self._open = copies * len(sendings)

    @property
    def complete(self) -> bool:
        """Every delivery came of what was not refused."""
        return self._open == 0

    def name(self, number: int) -> str:
        """The clientId of a message."""
        return f"{self._prefix}{number}"

    def sent(self, number: int, now: float) -> None:
        self._lateness.append(now - self._intended(number))

    def accepted(self, client_id: str, now: float) -> None:
        if (number := self._number(client_id)) is not None:
            self._acceptances.append(now - self._intended(number))

    def refused(self, client_id: str) -> None:
        number = self._number(client_id)
        if number is not None and not self._seen[number] & _REFUSED:
            self._refused.append(client_id)
            self._open -= self._copies - self._seen[number].bit_count()
            self._seen[number] |= _REFUSED

    def closed(self) -> None:
        self._closed += 1

    def delivered(self, user: str, line: str, client_id: str, seq: int, now: float) -> None:
        """A message came to `user`'s socket; within a `line` seq only grows."""
        if (number := self._number(client_id)) is None:
            return
        whose = _OWN if user == self._senders[number] else _OTHER
        if self._seen[number] & whose:
            self._doubled += 1
            return
        if not self._seen[number] & _REFUSED:
            self._open -= 1
        self._seen[number] |= whose
        self._ended = now
        if whose == _OTHER:
            self._latencies.append(now - self._intended(number))
        self._order((user, line), seq)

    def report(self) -> Report:
        """As it stands."""
        return Report(
            sent=len(self._lateness),
            latencies=self._latencies,
            acceptances=self._acceptances,
            lateness=self._lateness,
            lost=self._open,
            doubled=self._doubled,
            misordered=self._misordered,
            refused=self._refused,
            closed=self._closed,
            duration=self._ended - self._asked.begin,
        )

    def _order(self, line: tuple[str, str], seq: int) -> None:
        if seq <= self._last.get(line, 0):
            self._misordered += 1
        else:
            self._last[line] = seq

    def _intended(self, number: int) -> float:
        return self._asked.begin + self._sendings[number].at

    def _number(self, client_id: str) -> int | None:
        """None for a straggler of another round, and for another driver's message."""
        prefix, _, number = client_id.rpartition(".")
        if f"{prefix}." != self._prefix or int(number) >= len(self._sendings):
            return None
        return int(number)
