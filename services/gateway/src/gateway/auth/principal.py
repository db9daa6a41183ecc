"""The caller of a request or of a WebSocket, as handlers see it."""

from dataclasses import dataclass
from typing import Literal

Scope = Literal["user", "service", "operator"]


@dataclass(frozen=True, slots=True)
class Principal:
    user_id: str
    scopes: frozenset[Scope] = frozenset({"user"})
    expires_at: float | None = None
    """POSIX seconds: refused from then on (`exp` and the leeway for clocks); None: does not expire
    (AUTH=dev)."""
    issued_at: float | None = None
    """`iat`, POSIX seconds."""
    name: str | None = None
