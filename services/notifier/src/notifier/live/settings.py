"""Environment variables of `notifier live`. All times are in seconds."""

from pydantic import Field

from shared.runtime.service_settings import ServedSettings
from shared.runtime.settings import KafkaSettings, ProcessSettings, TracingSettings


class LiveSettings(ServedSettings, ProcessSettings, KafkaSettings, TracingSettings):
    link_outbox: int = Field(default=16 * 1024 * 1024, ge=1_024)
    """Characters that may wait for one gateway before it is cut."""
    link_grace: float = Field(default=1.0, ge=0, le=60)
    """How long to wait for a first gateway before joining the consumer group."""
    progress_interval: float = Field(default=0.5, gt=0, le=1)
    """Between two progress messages to gateways."""
    commit_interval: float = Field(default=1.0, gt=0, le=60)
    patience: float = Field(default=30.0, gt=0)
    """How long records may wait with none consumed before the process counts as not alive."""
