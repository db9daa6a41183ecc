"""What all records have in common: CloudEvents 1.0 in structured mode."""

from abc import abstractmethod
from functools import cache
from typing import Any, Literal, TypeVar, cast

from pydantic import Field

from shared.contract.fields import Timestamp, UserId, WireModel

Frame = TypeVar("Frame", bound=WireModel)


class CloudEvent(WireModel):
    """The attributes that every record of Parley carries (CloudEvents 1.0)."""

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, max_length=128)
    """Unique per event; a client's retry gets a new one. Of an entry: the position of its event, opaque, by
    which consumers detect repetitions."""
    source: str = Field(min_length=1, max_length=256)
    """The deployment that wrote it."""
    subject: str = Field(min_length=1, max_length=256)
    """The record's key: the conversation id, or `user:<user id>`."""
    time: Timestamp
    """When the gateway accepted the event; of an entry, the time of its event."""
    datacontenttype: Literal["application/json"] = "application/json"


class UserEvent(CloudEvent):
    actor: UserId
    """Who did it."""


class EntryBase(UserEvent):
    @abstractmethod
    def frame(self) -> WireModel | None:
        """Return what clients are shown of the entry: state, without the audience. None: nothing."""


class WithAudience(WireModel):
    audience: list[UserId]
    """Whom the entry is for; show it to nobody else."""


def project(frame: type[Frame], data: WireModel, **more: Any) -> Frame:
    """Build a frame from the fields of `data` that it has; they were validated when the entry was decoded."""
    names = _field_names(frame)
    fields: dict[str, Any] = {name: value for name, value in data if name in names}
    return cast("Frame", frame.model_construct(**fields, **more))


@cache
def _field_names(frame: type[WireModel]) -> frozenset[str]:
    return frozenset(frame.model_fields)
