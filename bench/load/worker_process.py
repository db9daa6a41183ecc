"""Both ends of the pipe to a worker: a plan in and `ready` out, then each request is answered by one line."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import uvloop
from pydantic import BaseModel

from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from deploy.local.supervisor.process import die_with_parent, module

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)
Answer = Callable[[R], Awaitable[BaseModel]]


class Worker:
    """The bench's end."""

    def __init__(self, name: str) -> None:
        """`name` is a module's."""
        self._name = name
        command = [*die_with_parent(signal.SIGKILL), *module(name)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def request(self, request: BaseModel) -> None:
        """Send a request without waiting for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(request.model_dump_json() + "\n")
        self._process.stdin.flush()

    def answer(self, model: type[R]) -> R:
        """Block until the next answer; raises UserError when the worker ended, which wrote why to stderr."""
        return model.model_validate_json(self.line())

    def line(self) -> str:
        """The next line as it is; raises UserError."""
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise UserError(f"{self._name} ended with {self._process.wait()}")
        return line

    def call(self, request: BaseModel, model: type[R]) -> R:
        """Block until `request` is answered; raises UserError."""
        self.request(request)
        return self.answer(model)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(5)


@contextmanager
def worker(name: str, plan: BaseModel) -> Iterator[Worker]:
    """Ready when entered, gone when left."""
    process = Worker(name)
    try:
        process.request(plan)
        process.line()
        yield process
    finally:
        process.stop()


def serve(plan: type[P], request: type[R], start: Callable[[P], Awaitable[Answer[R]]]) -> None:
    """Be a worker until the input ends: `start` gets the plan and returns what answers requests."""

    async def run() -> None:
        answer = await start(plan.model_validate_json(sys.stdin.readline()))
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print((await answer(request.model_validate_json(line))).model_dump_json(), flush=True)

    uvloop.run(run())
