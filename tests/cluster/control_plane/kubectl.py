"""kubectl with the cluster's configuration, in a home folder of its own."""

import asyncio
import os
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import UserError
from tests.cluster.binaries import cache


class KubectlError(AssertionError):
    """kubectl fails; the message is what it prints."""


@dataclass(frozen=True)
class Output:
    code: int
    stdout: str
    stderr: str


class Kubectl:
    def __init__(self, kubeconfig: Path, home: Path) -> None:
        path = cache.binary("kubectl")
        if path is None:
            raise UserError("kubectl is not built; run: make cluster-tools")
        home.mkdir(exist_ok=True)
        self._command = [str(path), f"--kubeconfig={kubeconfig}"]
        self._env = {**os.environ, "HOME": str(home), "KUBECACHEDIR": str(home / "cache")}

    async def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Return what it prints. Raises KubectlError when it fails."""
        output = await self.attempt(*arguments, stdin=stdin)
        if output.code:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {output.stderr.strip() or output.stdout}")
        return output.stdout

    async def attempt(self, *arguments: str, stdin: str | None = None) -> Output:
        """Return what it prints, also when it fails."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *arguments,
            stdin=PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=self._env,
        )
        stdout, stderr = await process.communicate(None if stdin is None else stdin.encode())
        return Output(process.returncode or 0, stdout.decode(), stderr.decode())
