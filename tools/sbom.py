"""Writes a CycloneDX software bill of materials of what Parley ships: `make sbom`.

`dist/sbom/parley-python.cdx.json` lists the Python packages of the services at the versions and hashes of
requirements.lock, `dist/sbom/parley-web.cdx.json` the npm packages of the web client. Tools for development
are in neither.
"""

import json
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
    """Raises CalledProcessError, and FileNotFoundError without npm.

    npm lists everything, and this drops what is for development alone: `npm sbom --omit=dev` also drops what
    a development package names as its peer, React for one."""
    arguments = ["--sbom-format=cyclonedx", "--sbom-type=application", "--package-lock-only"]
    bom = json.loads(_run(["npm", "sbom", *arguments], folder=ROOT / "frontend"))
    shipped = _shipped_npm_packages()
    bom["components"] = [each for each in bom["components"] if each["bom-ref"] in shipped]
    kept = {*shipped, bom["metadata"]["component"]["bom-ref"]}
    bom["dependencies"] = [
        {**each, "dependsOn": [ref for ref in each.get("dependsOn", []) if ref in shipped]}
        for each in bom["dependencies"]
        if each["ref"] in kept
    ]
    path.write_text(json.dumps(bom, indent=2) + "\n")
    return path


def _shipped_npm_packages() -> set[str]:
    """Return the packages that the lock does not mark as for development alone, as name@version."""
    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    return {
        f"{place.rpartition('node_modules/')[2]}@{package['version']}"
        for place, package in packages.items()
        if place and not (package.get("dev") or package.get("devOptional"))
    }


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
