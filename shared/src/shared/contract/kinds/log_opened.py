"""The epoch record: which log this is."""

from typing import Literal

from pydantic import Field

from shared.contract.fields import WireModel
from shared.contract.kinds.cloud_event import CloudEvent


class LogOpenedData(WireModel):
    epoch: str = Field(pattern=r"^[0-9a-f]{16}$")
    partitions: int = Field(ge=1, le=4_096)


class LogOpened(CloudEvent):
    """Offset 0 of every partition: which log this is. Written by the topic-making job, null key."""

    type: Literal["chat.log.opened.v1"] = "chat.log.opened.v1"
    data: LogOpenedData
