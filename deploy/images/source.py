"""The commit that an image is built from."""

import os
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import UserError
from deploy.local.paths import ROOT


@dataclass(frozen=True)
class Source:
    checkout: Path
    version: str
    revision: str
    """Of git; followed by `-dirty` when files differ from it."""
    timestamp: int
    """Seconds since 1970, of the commit: all times in the image."""

    @classmethod
    def read(cls, checkout: Path = ROOT) -> "Source":
        """Read it from git; without git from REVISION and SOURCE_DATE_EPOCH. Raises UserError."""
        project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
        revision, timestamp = os.environ.get("REVISION"), os.environ.get("SOURCE_DATE_EPOCH")
        revision = revision or _git(checkout, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
        timestamp = timestamp or _git(checkout, "log", "-1", "--format=%ct")
        if not timestamp.isdecimal():
            raise UserError(f"SOURCE_DATE_EPOCH must be seconds since 1970, not {timestamp}")
        return cls(checkout, project["version"], revision, int(timestamp))


def _git(checkout: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=checkout, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        reason = "is not a git repository: set REVISION and SOURCE_DATE_EPOCH"
        raise UserError(f"{checkout} {reason}") from None
    return done.stdout.strip()
