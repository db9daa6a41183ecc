"""Images of Debian packages, made by mmdebstrap: it checks the archive's signatures and takes the security
updates. The packages are as new as the day."""

import shlex
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.images import podman
from deploy.local import programs
from deploy.local.errors import UserError

SUITE = "bookworm"
_NOT_EXTRACTED = ("/usr/share/doc/*", "/usr/share/man/*/*", "/usr/share/locale/*", "/usr/share/lintian/*")


def no_files() -> dict[Path, str]:
    """Return the files of an image that has none but its packages'."""
    return {}


@dataclass(frozen=True)
class DebianImage:
    name: str
    packages: Sequence[str]
    variant: str = "essential"
    """Of mmdebstrap."""
    hook: Path | None = None
    """A program that changes the file system whose folder is its argument."""
    files: Callable[[], dict[Path, str]] = no_files
    """Files and folders of this machine, with the folders they are copied to."""
    changes: Sequence[str] = ()
    """Instructions of a Dockerfile."""

    def build_unless_there(self) -> str:
        """Build the image unless the local storage has it; return its name. Raises UserError."""
        return self.name if podman.exists(self.name) else self.build()

    def build(self) -> str:
        """Build the image from packages of today; return its name. Raises UserError."""
        podman.require()
        programs.require("mmdebstrap")
        print(f"making {self.name} of Debian packages: about a minute, the first time only", flush=True)
        with tempfile.TemporaryDirectory(prefix="parley-image-") as folder:
            archive = Path(folder, "root.tar")
            self._make(archive)
            options = [option for change in self.changes for option in ("--change", change)]
            podman.run("import", "--quiet", *options, str(archive), self.name)
        return self.name

    def _make(self, archive: Path) -> None:
        excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in _NOT_EXTRACTED]
        kept = "--dpkgopt=path-include=/usr/share/doc/*/copyright"
        copies = [
            option
            for path, target in self.files().items()
            for option in (
                f'--customize-hook=mkdir -p "$1{target}"',
                f"--customize-hook=copy-in {shlex.quote(str(path))} {target}",
            )
        ]
        hook = [] if self.hook is None else [f"--{self._last_hook}={self.hook}"]
        packages = f"--include={','.join(self.packages)}"
        options = [f"--variant={self.variant}", packages, *excluded, kept, *copies, *hook]
        command = ["mmdebstrap", "--quiet", *options, SUITE, str(archive)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"mmdebstrap failed: {done.stderr.strip()}")

    @property
    def _last_hook(self) -> str:
        return "extract-hook" if self.variant == "extract" else "customize-hook"
