"""`frontend/` is an example to copy: a copy outside the repository passes its own checks."""

import os
import shutil
import subprocess
from pathlib import Path

from deploy.local.dependencies.web_client import WEB_CLIENT


def _link(source: str, target: str) -> None:
    """Create a hard link, or a copy where the file system does not support links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def test_a_copy_passes_its_own_checks(page_root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "client"
    shutil.copytree(WEB_CLIENT.folder, copy, symlinks=True, copy_function=_link)
    for script in ("check", "types"):
        done = subprocess.run(
            ["npm", "run", "--silent", script], cwd=copy, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
