"""The tokens that a user holds were revoked: an event of the aggregate *user*, for gateways and no client."""

from typing import Literal, Self

from pydantic import model_validator

from shared.contract.fields import Timestamp, UserId, WireModel
from shared.contract.kinds.cloud_event import EntryBase, UserEvent, WithAudience


def user_key(user_id: str) -> str:
    """Return the key and subject of the user's own events and entries."""
    return f"user:{user_id}"


class UserRevokedData(WireModel):
    user_id: UserId
    revoked_at: Timestamp
    """Tokens issued up to this time are no longer accepted."""


class UserRevoked(UserEvent):
    type: Literal["chat.event.user-revoked.v1"] = "chat.event.user-revoked.v1"
    data: UserRevokedData

    @model_validator(mode="after")
    def _check_time(self) -> Self:
        """A revocation in the future would lock a user out who logs in again."""
        if self.data.revoked_at > self.time:  # one format, so that texts compare as times do
            raise ValueError("revokedAt must not be after time")
        return self


class RevocationData(UserRevokedData, WithAudience):
    pass


class UserRevokedEntry(EntryBase):
    """The tokens that a user held were revoked. For services that keep sessions of their own; `audience` is
    empty, no client is shown it."""

    type: Literal["chat.user.revoked.v1"] = "chat.user.revoked.v1"
    data: RevocationData

    def frame(self) -> None:
        return None
