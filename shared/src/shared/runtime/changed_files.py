"""Notices when a file changes that this process has read once, when it started."""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

import structlog

log = structlog.get_logger()

INTERVAL_SECONDS = 60.0


async def watch(files: Mapping[str, Path], interval: float = INTERVAL_SECONDS) -> None:
    """Compare the content of these files, by the variable that names each, with what it is now, every
    `interval` seconds until cancelled, and log each change in one line."""
    known = {variable: _digest(path) for variable, path in files.items()}
    while True:
        await asyncio.sleep(interval)
        for variable, path in files.items():
            digest = await asyncio.to_thread(_digest, path)
            if digest != known[variable]:
                known[variable] = digest
                what = "has changed" if digest else "cannot be read any more"
                hint = f"this process goes on with what {variable} held when it started: restart it"
                log.warning("settings.changed", file=str(path), reason=f"the file {what}", hint=hint)


def _digest(path: Path) -> bytes | None:
    """None while it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return None
