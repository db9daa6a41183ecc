"""What an image holds, without running it."""

import hashlib
import subprocess
import tarfile
from collections.abc import Mapping
from typing import NamedTuple

from deploy.images import podman


class Entry(NamedTuple):
    """A file, folder or link."""

    mode: int
    owner: tuple[int, int]
    size: int
    content: str
    """The digest of a file, the target of a link."""


def entries(image: str) -> Mapping[str, Entry]:
    """Return all entries of an image's file system by path."""
    container = podman.run("create", "--network=none", image, "none").strip()
    try:
        export = ["podman", "export", container]
        with subprocess.Popen(export, stdout=subprocess.PIPE, env=podman.environment()) as process:
            assert process.stdout is not None
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                found = {member.name: _entry(archive, member) for member in archive}
        assert process.returncode == 0
    finally:
        podman.run("rm", container)
    return found


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    content = member.linkname
    if (file := archive.extractfile(member) if member.isfile() else None) is not None:
        content = hashlib.sha256(file.read()).hexdigest()
    return Entry(member.mode, (member.uid, member.gid), member.size if member.isfile() else 0, content)
