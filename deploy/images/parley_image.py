"""Parley's image, and what is written beside it."""

import shutil
from pathlib import Path

from deploy.images import build_context, local_images, podman
from deploy.images.source import Source
from deploy.local.errors import UserError

IMAGE = "localhost/parley"
DOCKERFILE = Path(__file__).with_name("Dockerfile")
ENVIRONMENT = "/opt/parley"
"""Of the image: the virtual environment, and in `web` the web client."""


def build(
    source: Source,
    *,
    base: str | None = None,
    tag: str | None = None,
    context: Path = build_context.FOLDER,
) -> str:
    """Build the image from a filled context and return its name. Without `base` on Debian packages, which are
    downloaded once. Raises UserError."""
    podman.require()
    if base is None:
        base = local_images.BASE.build_unless_there()
    name = f"{IMAGE}:{tag or source.version}"
    arguments = {"BASE": base, "VERSION": source.version, "REVISION": source.revision}
    podman.run(
        *("build", "--quiet", "--isolation=chroot", "--pull=never", f"--file={DOCKERFILE}", f"--tag={name}"),
        *(f"--build-arg={key}={value}" for key, value in arguments.items()),
        # podman's cache does not notice that a mounted folder has changed
        *("--layers=false", f"--timestamp={source.timestamp}"),
        str(context),
    )
    return name


def copy_environment(image: str, folder: Path) -> None:
    """Copy the image's virtual environment to a folder; delete what it held before. Raises UserError."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    container = podman.run("create", "--network=none", image).strip()
    try:
        podman.run("cp", f"{container}:{ENVIRONMENT}", str(folder))
    finally:
        podman.run("rm", container)


def export(image: str, file: Path) -> None:
    """Write the image as an archive that `ctr images import` and `podman load` read. Raises UserError."""
    if not podman.exists(image):
        raise UserError(f"there is no image {image}: make images")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)  # podman refuses to write over one
    podman.run("save", "--quiet", "--format=docker-archive", f"--output={file}", image)
