"""A process of the bench's own, which is asked by a line of JSON and answers by another."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel

from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from deploy.local.supervisor.process import die_with_parent, module


class ChildEnded(UserError):
    """It says why on stderr."""


class Child:
    def __init__(self, name: str) -> None:
        """`name` is a module's."""
        self._name = name
        command = [*die_with_parent(signal.SIGKILL), *module(name)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, what: BaseModel) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(what.model_dump_json() + "\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        """Blocks; raises ChildEnded."""
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise ChildEnded(f"{self._name} ended with {self._process.wait()}")
        return line

    def ask(self, what: BaseModel) -> str:
        self.tell(what)
        return self.hear()

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(5)


@contextmanager
def child(name: str, plan: BaseModel) -> Iterator[Child]:
    """Ready when entered, gone when left."""
    made = Child(name)
    try:
        made.ask(plan)
        yield made
    finally:
        made.end()
