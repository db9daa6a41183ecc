"""Writes a CycloneDX software bill of materials of what Parley ships: `make sbom`.

`dist/sbom/parley-python.cdx.json` lists the Python packages of the services at the versions and hashes of
requirements.lock, `dist/sbom/parley-web.cdx.json` the npm packages of the web client. Tools for development
are in neither.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.paths import ROOT

CYCLONEDX = "cyclonedx-bom==7.5.0"
FOLDER = ROOT / "dist" / "sbom"
EXTRAS = ("gateway", "message-store", "notifier")
"""Of pyproject.toml: what the services need."""
_PINNED = (
    *("--constraint=requirements.lock", "--generate-hashes", "--python-version=3.11"),
    *("--no-header", "--no-annotate"),
)


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        written = [write_python(FOLDER / "parley-python.cdx.json"), write_web(FOLDER / "parley-web.cdx.json")]
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        reason = getattr(error, "stderr", None) or str(error)
        print(f"parley: no SBOM: {reason.strip()}", file=sys.stderr)
        return 1
    print("\n".join(str(path.relative_to(ROOT)) for path in written))
    return 0


def write_python(path: Path) -> Path:
    """Raises CalledProcessError."""
    extras = [f"--extra={extra}" for extra in EXTRAS]
    pinned = _run(
        [_uv(), "pip", "compile", "--quiet", *extras, *_PINNED, "pyproject.toml"],
    )
    tool = [_uv(), "tool", "run", "--quiet", "--from", CYCLONEDX, "cyclonedx-py"]
    bom = _run([*tool, "requirements", "--output-reproducible", "--pyproject=pyproject.toml", "-"], pinned)
    path.write_text(bom)
    return path


def write_web(path: Path) -> Path:
    """Raises CalledProcessError, and FileNotFoundError without npm."""
    arguments = ["--sbom-format=cyclonedx", "--sbom-type=application", "--package-lock-only", "--omit=dev"]
    path.write_text(_run(["npm", "sbom", *arguments], folder=ROOT / "frontend"))
    return path


def _uv() -> str:
    return str(Path(sys.executable).with_name("uv"))


def _run(command: Sequence[str], text: str | None = None, folder: Path = ROOT) -> str:
    """Return what a command prints, given `text` on stdin. Raises CalledProcessError."""
    env = {**os.environ, "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1")}
    done = subprocess.run(
        command, cwd=folder, env=env, input=text, capture_output=True, text=True, check=True, timeout=600
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
