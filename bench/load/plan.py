"""Messages between the bench and the clients' workers, one JSON document a line."""

from pydantic import BaseModel

from bench.load.latencies import Latencies
from bench.load.protocols import ProtocolName
from shared.contract import ids


class Conversation(BaseModel):
    id: str
    """The server's."""
    members: list[str]

    @classmethod
    def direct(cls, *members: str) -> "Conversation":
        """Parley's conversation of two users."""
        return cls(id=ids.direct_conversation_id(*members), members=list(members))

    @classmethod
    def group(cls, name: str, members: list[str]) -> "Conversation":
        """A group of Parley's; `name` is unique among the bench's in a log."""
        return cls(id=ids.group_conversation_id("bench", name), members=members)


class Plan(BaseModel):
    """What one worker connects."""

    address: str
    """The server's. Parley's: URLs of WebSockets, separated by spaces, to which the user id is added."""
    protocol: ProtocolName = "parley"
    conversations: list[Conversation] = []
    senders: int = 2
    """How many members of a conversation send: the first ones."""
    echo: bool = True
    """Whether a message reaches its sender's socket too."""
    idle: list[str] = []
    """More users, who are only connected."""
    share: int = 0
    shares: int = 1
    """This worker has every `shares`-th conversation, from `share` on."""


class Round(BaseModel):
    """A request to send."""

    name: str
    """Prefix of each clientId, unique among rounds."""
    rate: float
    """Messages a second, of all workers."""
    seconds: float
    seed: int
    begin: float
    """On CLOCK_MONOTONIC, which all processes share."""


class Report(BaseModel):
    """What became of one round at one worker."""

    sent: int
    deliveries: int
    latencies: Latencies
    """From the intended sending to the parsed frame at another member's socket; in groups at any member's."""
    acceptances: Latencies
    """From the intended sending to `accepted`."""
    lateness: Latencies
    """From the intended sending to the actual one."""
    lost: int
    """Missing deliveries, of messages that were not refused."""
    doubled: int
    misordered: int
    refused: list[str]
    """clientIds answered by `error` or `rejected`. One that was not confirmed in time may be stored all the
    same."""
    closed: int
    """Connections that ended."""
    duration: float
    """Seconds from the round's beginning to the last delivery."""


def direct_conversations(users: int, count: int) -> list[Conversation]:
    """So many different conversations, spread evenly. Raises ValueError when there are not enough users."""
    half = users // 2
    if count < 1 or count > half * half:
        raise ValueError(f"{users} users have from 1 to {half * half} conversations here")
    names = [f"user-{number:05d}" for number in range(users)]
    return [
        Conversation.direct(names[2 * (n % half)], names[(2 * (n % half) + 1 + 2 * (n // half)) % (2 * half)])
        for n in range(count)
    ]
