"""Writes a CycloneDX software bill of materials of what Parley ships: `make sbom`.

`dist/sbom/parley-python.cdx.json` lists the Python packages of the services at the versions and hashes of
the runtime lock, `dist/sbom/parley-web.cdx.json` the npm packages of the web client. Tools for development
are in neither. `make images` writes the same for an image to `dist/images`: there the Python packages are
those that the image's environment holds.
"""

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from deploy.images import parley_image
from deploy.images.runtime_lock import LOCK
from deploy.images.source import Source
from deploy.local.errors import UserError
from deploy.local.paths import ROOT

CYCLONEDX = "cyclonedx-bom==7.5.0"
FOLDER = ROOT / "dist" / "sbom"
IMAGE_FOLDER = ROOT / "dist" / "images"
_PYTHON, _WEB = "parley-python.cdx.json", "parley-web.cdx.json"


def main(arguments: Sequence[str]) -> int:
    try:
        match arguments:
            case []:
                FOLDER.mkdir(parents=True, exist_ok=True)
                written = [write_python(FOLDER / _PYTHON), write_web(FOLDER / _WEB)]
            case ["image", *tag] if len(tag) <= 1:
                IMAGE_FOLDER.mkdir(parents=True, exist_ok=True)
                image = f"{parley_image.IMAGE}:{tag[0] if tag else Source.read().version}"
                written = [write_image(image, IMAGE_FOLDER / _PYTHON), write_web(IMAGE_FOLDER / _WEB)]
            case _:
                print("usage: python -m tools.sbom [image [TAG]]", file=sys.stderr)
                return 2
    except (subprocess.CalledProcessError, FileNotFoundError, UserError) as error:
        reason = getattr(error, "stderr", None) or str(error)
        print(f"parley: no SBOM: {reason.strip()}", file=sys.stderr)
        return 1
    print("\n".join(str(path.relative_to(ROOT)) for path in written))
    return 0


def write_python(path: Path) -> Path:
    """Raises CalledProcessError."""
    path.write_text(_cyclonedx("requirements", str(LOCK)))
    return path


def write_image(image: str, path: Path) -> Path:
    """Write what the environment in an image holds. Raises CalledProcessError, and UserError without podman
    or the image."""
    with tempfile.TemporaryDirectory(prefix="parley-sbom-") as folder:
        environment, viewer = Path(folder, "environment"), Path(folder, "viewer")
        parley_image.copy_environment(image, environment)
        # The image's own interpreter may not run here. One of this machine looks at the image's packages.
        venv.create(viewer, with_pip=False)
        (packages,) = environment.glob("lib/python*/site-packages")
        (own,) = viewer.glob("lib/python*/site-packages")
        (own / "image.pth").write_text(f"{packages}\n")
        path.write_text(_cyclonedx("environment", str(viewer)))
    return path


def _cyclonedx(source: str, *arguments: str) -> str:
    """Return the validated SBOM of a source. Raises CalledProcessError."""
    tool = [_uv(), "tool", "run", "--quiet", "--from", CYCLONEDX, "cyclonedx-py", source]
    return _run([*tool, "--output-reproducible", "--validate", "--pyproject=pyproject.toml", *arguments])


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


def _run(command: Sequence[str], folder: Path = ROOT) -> str:
    """Return what a command prints. Raises CalledProcessError."""
    env = {**os.environ, "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1")}
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=True, timeout=600
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
