"""Fills the cache with what is missing, and prints what takes long."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local.errors import UserError
from tests.cluster.binaries import cache, definitions, programs


def build_missing() -> None:
    """Build programs and definitions unless they are cached. Raises UserError."""
    _build("Kubernetes and etcd (600 MB of sources, about ten minutes)", cache.binaries(), programs.build)
    _build("the operators' resource definitions", cache.definitions(), definitions.collect)


def _build(what: str, folder: Path, fill: Callable[[Path], None]) -> None:
    if folder.exists():
        return
    print(f"building {what} into {folder}", flush=True)
    began = time.monotonic()
    fill_or_explain(folder, fill)
    print(f"built {what.partition(' (')[0]} in {time.monotonic() - began:.0f} s", flush=True)


def fill_or_explain(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder of the cache. Raises UserError, also when it cannot be written."""
    try:
        cache.fill(folder, fill)
    except OSError as error:
        reason = f"{error.filename or folder}: {os.strerror(error.errno or 0).lower()}"
        raise UserError(f"{reason}; PARLEY_CACHE names another folder for the cache") from None
