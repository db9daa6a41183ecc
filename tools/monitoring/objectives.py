"""The service level objectives of deploy/monitoring/slo.yaml."""

from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

SLO_FILE = Path("deploy/monitoring/slo.yaml")


class Objective(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    """Part of the recording rules' names."""
    title: str
    alert: Annotated[str, Field(pattern=r"^Parley[A-Za-z]+$")]
    percent: Annotated[float, Field(gt=0, lt=100)]
    """Of all events, those that must be good."""
    bad: str | None = None
    """Selects the counter of bad events; `good` is given instead where these are counted."""
    good: str | None = None
    total: str
    """Selects the counter of all events."""
    summary: str
    dashboard: str
    """The uid of the dashboard to look at first."""

    @property
    def budget(self) -> float:
        """The ratio of events that may be bad."""
        return round(1 - self.percent / 100, 9)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.bad is None) == (self.good is None):
            raise ValueError(f"{self.name}: give bad or good, not both")
        return self


class Objectives(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    window_days: Annotated[int, Field(ge=1, le=90)]
    objectives: Annotated[list[Objective], Field(min_length=1)]


def load(path: Path = SLO_FILE) -> Objectives:
    """Read the file. Raises pydantic's ValidationError, which names what is wrong."""
    return Objectives.model_validate(yaml.safe_load(path.read_text()))
