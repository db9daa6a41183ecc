"""What became of each message of a round, at every connection."""

from collections.abc import Sequence

from bench.load.latencies import Latencies
from bench.load.plan import Plan, Report
from bench.load.schedule import Sending


class Tally:
    """Counts deliveries, acceptances and refusals. Pure: moments are arguments, in seconds on one clock."""

    def __init__(self, name: str, begin: float, plan: Plan, sendings: Sequence[Sending]) -> None:
        self._prefix = f"{name}."
        self._begin = self._ended = begin
        self._sendings = sendings
        conversations = [plan.conversations[sending.conversation] for sending in sendings]
        self._senders = [c.members[s.sender] for c, s in zip(conversations, sendings, strict=True)]
        self._is_group = [len(conversation.members) > 2 for conversation in conversations]
        self._outstanding = [len(c.members) - (not plan.echo) for c in conversations]
        self._refused: dict[int, str] = {}
        self._delivered: set[tuple[int, str]] = set()
        self._last_seq: dict[tuple[str, str], int] = {}
        self._latencies: list[float] = []
        self._acceptances: list[float] = []
        self._lateness: list[float] = []
        self._doubled = self._misordered = self._closed = 0
        self._lost = sum(self._outstanding)

    @property
    def complete(self) -> bool:
        """Whether every message that was not refused was delivered to everyone."""
        return self._lost == 0

    def name(self, number: int) -> str:
        """The clientId of a message."""
        return f"{self._prefix}{number}"

    def sent(self, number: int, now: float) -> None:
        self._lateness.append(now - self._due(number))

    def accepted(self, client_id: str, now: float) -> None:
        if (number := self._number(client_id)) is not None:
            self._acceptances.append(now - self._due(number))

    def refused(self, client_id: str) -> None:
        number = self._number(client_id)
        if number is not None and number not in self._refused:
            self._refused[number] = client_id
            self._lost -= self._outstanding[number]

    def closed(self) -> None:
        self._closed += 1

    def delivered(self, user: str, order: str, client_id: str, seq: int, now: float) -> None:
        """Count a message at `user`'s connection; within an `order` seq only grows."""
        if (number := self._number(client_id)) is None:
            return
        if (number, user) in self._delivered:
            self._doubled += 1
            return
        self._delivered.add((number, user))
        self._outstanding[number] -= 1
        self._lost -= number not in self._refused
        self._ended = now
        if user != self._senders[number] or self._is_group[number]:
            self._latencies.append(now - self._due(number))
        if seq <= self._last_seq.get((user, order), 0):
            self._misordered += 1
        else:
            self._last_seq[user, order] = seq

    def report(self) -> Report:
        """The counts so far."""
        return Report(
            sent=len(self._lateness),
            deliveries=len(self._delivered),
            latencies=Latencies(self._latencies),
            acceptances=Latencies(self._acceptances),
            lateness=Latencies(self._lateness),
            lost=self._lost,
            doubled=self._doubled,
            misordered=self._misordered,
            refused=list(self._refused.values()),
            closed=self._closed,
            duration=self._ended - self._begin,
        )

    def _due(self, number: int) -> float:
        return self._begin + self._sendings[number].at

    def _number(self, client_id: str) -> int | None:
        """None for another round's or another worker's message."""
        prefix, _, number = client_id.rpartition(".")
        if f"{prefix}." != self._prefix or int(number) >= len(self._sendings):
            return None
        return int(number)
