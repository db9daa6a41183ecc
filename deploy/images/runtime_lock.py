"""The lock of the image: what the services need and nothing more, at the versions of the repository's lock.

`make lock` writes it; `make check` compares it, without the network.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.local.errors import UserError
from deploy.local.paths import ROOT

EXTRAS = ("gateway", "message-store", "notifier", "otel")
"""Of pyproject.toml: what the services need, traces included."""
LOCK = Path(__file__).with_name("requirements.lock")
REPOSITORY_LOCK = ROOT / "requirements.lock"
_PYTHON = {"python_version": "3.11", "python_full_version": "3.11.2"}
"""Of the image, whatever runs this."""
_PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)")


def write(checkout: Path, lock: Path) -> None:
    """Write the runtime lock of a checkout at the versions of its `requirements.lock`. Raises UserError."""
    command = [
        *(str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet", "--no-emit-index-url"),
        *(f"--extra={extra}" for extra in extras_of(checkout)),
        *("--constraint=requirements.lock", "--generate-hashes", "--python-version=3.11"),
        *("--no-header", "--no-annotate", "pyproject.toml", f"--output-file={lock}"),
    ]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"uv pip compile failed: {done.stderr.strip()}")


def extras_of(checkout: Path) -> list[str]:
    """Return those of EXTRAS that the checkout has: an earlier release may lack some."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    return [extra for extra in EXTRAS if extra in project["optional-dependencies"]]


def faults() -> list[str]:
    """Return how the runtime lock differs from what the services need at the versions of the repository's."""
    return compare(pins(LOCK.read_text()), pins(REPOSITORY_LOCK.read_text()), needed())


def compare(runtime: Mapping[str, str], repository: Mapping[str, str], needed: set[str]) -> list[str]:
    """Return one line for each package that the runtime lock lacks, holds without need, or pins otherwise."""
    return [
        *(f"{name} is missing" for name in sorted(needed - runtime.keys())),
        *(f"{name} is needed by no service" for name in sorted(runtime.keys() - needed)),
        *(
            f"{name} is not pinned as in requirements.lock"
            for name in sorted(runtime.keys() & needed)
            if runtime[name] != repository.get(name)
        ),
    ]


def pins(lock: str) -> dict[str, str]:
    """Return the pins of a lock, with their markers and hashes, by normalized name."""
    entries = re.split(r"\n(?=\S)", lock.strip())
    named = ((_PIN.match(entry), entry) for entry in entries if not entry.startswith("#"))
    return {canonicalize_name(match["name"]): entry for match, entry in named if match}


def versions(lock: str) -> dict[str, str]:
    """Return the versions that a lock pins, by normalized name."""
    matches = (_PIN.match(line) for line in lock.splitlines())
    return {canonicalize_name(match["name"]): match["version"] for match in matches if match}


def needed() -> set[str]:
    """Return the names of the packages that the services need, from the metadata of this environment's."""
    found: set[tuple[str, str]] = set()
    _follow("parley", EXTRAS, found)
    return {name for name, _ in found} - {"parley"}


def _follow(package: str, extras: tuple[str, ...], found: set[tuple[str, str]]) -> None:
    for extra in ("", *extras):
        if (package, extra) not in found:
            found.add((package, extra))
            for requirement in _requirements(package, extra):
                _follow(canonicalize_name(requirement.name), tuple(requirement.extras), found)


def _requirements(package: str, extra: str) -> Iterator[Requirement]:
    for text in metadata.requires(package) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({**_PYTHON, "extra": extra}):
            yield requirement
