"""Who writes to whom, and what bench and driver say to one another: one JSON document a line."""

from pydantic import BaseModel

from bench.wires import Wire
from shared.contract import ids


class Pair(BaseModel):
    """One direct conversation."""

    a: str
    b: str

    @property
    def conversation(self) -> str:
        return ids.direct_conversation_id(self.a, self.b)


class Plan(BaseModel):
    """What one driver is started with."""

    socket: str
    """Where the server is. Parley's: URL of a WebSocket, to which the user id is added."""
    wire: Wire = "parley"
    copies: int = 2
    """How many sockets a message comes to: 2 when its sender is told too."""
    pairs: list[Pair]
    """All conversations."""
    conversations: list[str] = []
    """What the server calls them, where it chooses itself."""
    share: int = 0
    shares: int = 1
    """This driver has every `shares`-th conversation, from `share` on."""


class Round(BaseModel):
    """What a driver is asked to do."""

    name: str
    """Before each clientId; no other round has it."""
    rate: float
    """Messages a second, of all drivers."""
    seconds: float
    seed: int
    begin: float
    """On CLOCK_MONOTONIC, which all processes share."""


class Report(BaseModel):
    """What became of one round at one driver. Times are in seconds."""

    sent: int
    latencies: list[float]
    """From the intended sending to the parsed frame at the other user's socket."""
    acceptances: list[float]
    """From the intended sending to `accepted`."""
    lateness: list[float]
    """From the intended sending to the actual one."""
    lost: int
    """Deliveries that did not come, of messages that were not refused."""
    doubled: int
    misordered: int
    refused: list[str]
    """clientIds answered by `error` or `rejected`. One that was not confirmed in time may have come all the
    same."""
    closed: int
    """Sockets that ended."""
    duration: float
    """From the first intended sending to the last delivery."""


def pairs(users: int, conversations: int) -> list[Pair]:
    """So many different conversations, spread evenly. Raises ValueError when there are not enough users."""
    half = users // 2
    if conversations < 1 or conversations > half * half:
        raise ValueError(f"{users} users have from 1 to {half * half} conversations here")
    names = [f"user-{number:05d}" for number in range(users)]
    places = (
        (2 * (n % half), (2 * (n % half) + 1 + 2 * (n // half)) % (2 * half)) for n in range(conversations)
    )
    return [Pair(a=names[a], b=names[b]) for a, b in places]
