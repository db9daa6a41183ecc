"""The environment variables of the limits of each user; 0 switches a limit off."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class LimitSettings(BaseSettings):
    """A rate lets its burst through at once, and so many a second for long."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    user_sends_per_second: int = Field(default=50, ge=0)
    """Messages, by call or frame."""
    user_sends_burst: int = Field(default=500, ge=1)
    """Twice what a client may resend after a reconnection."""
    user_starts_per_second: int = Field(default=5, ge=0)
    """Conversations begun."""
    user_starts_burst: int = Field(default=50, ge=1)
    user_reads_per_second: int = Field(default=20, ge=0)
    """Pages of conversations, history and sync."""
    user_reads_burst: int = Field(default=100, ge=1)
    user_calls_per_second: int = Field(default=50, ge=0)
    """All other calls and frames."""
    user_calls_burst: int = Field(default=250, ge=1)
    user_connects_per_second: int = Field(default=5, ge=0)
    """Sockets opened: each costs as much as hundreds of messages."""
    user_connects_burst: int = Field(default=100, ge=1)
    """All sockets of a user whose gateway died."""
    user_frames_per_second: int = Field(default=100, ge=0)
    """Frames without effect: pings, pongs, fragments, and frames that are refused. Beyond it the socket is
    closed."""
    user_frames_burst: int = Field(default=1_000, ge=1)
    """A client whose outbox is refused sends it again every second or two, and must not be closed."""
    service_calls_per_second: int = Field(default=500, ge=0)
    """Calls of a service for users (`Act-As`), which count on these users, too."""
    service_calls_burst: int = Field(default=1_000, ge=1)
    max_user_calls: int = Field(default=16, ge=0)
    """Calls in progress."""
    max_user_lookups: int = Field(default=4, ge=0)
    """Membership queries to the store in progress; others wait."""
    max_user_pages: int = Field(default=2, ge=0)
    """Pages of missed entries that are read for a user's sockets at a time; others wait."""
    max_user_sockets: int = Field(default=100, ge=0)


UNLIMITED = {name: 0 for name in LimitSettings.model_fields if not name.endswith("_burst")}
"""Settings that switch every limit of users off, for tests and measurements of something else."""
