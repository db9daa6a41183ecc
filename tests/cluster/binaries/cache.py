"""Where binaries and resource definitions are kept, by the hash of the files that pin their versions.

A folder exists only when it is complete: it is filled under another name, and then renamed.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
KUBERNETES_MODULE = HERE / "kubernetes_module"
DEFINITIONS_MODULE = HERE / "definitions_module"
STRIMZI_POM = HERE / "strimzi" / "pom.xml"
_HASH_DIGITS = 16


def binaries() -> Path:
    """Return the folder of Kubernetes' programs and etcd; it may not exist yet."""
    return _root() / _hash(KUBERNETES_MODULE / "go.sum") / "bin"


def definitions() -> Path:
    """Return the folder of the resource definitions (YAML); it may not exist yet."""
    pins = (DEFINITIONS_MODULE / "go.sum", STRIMZI_POM, HERE / "definitions.py")
    return _root() / _hash(*pins) / "definitions"


def binary(name: str) -> Path | None:
    """Return the path of a cached program, such as kubectl; None if it is not built."""
    path = binaries() / name
    return path if path.exists() else None


def fill(folder: Path, build: Callable[[Path], None]) -> None:
    """Unless `folder` exists, let `build` fill it. Of several processes one builds and the others wait."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.parent):
        if folder.exists():
            return
        unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
        try:
            build(unfinished)
            unfinished.chmod(0o755)
            unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def _root() -> Path:
    """The cache: PARLEY_CACHE, else `parley` in the user's."""
    user = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("PARLEY_CACHE") or f"{user}/parley").expanduser() / "cluster"


def _hash(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:_HASH_DIGITS]


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
