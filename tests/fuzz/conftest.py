"""One real stack for all tests of this folder; each looks into the logs when it is over."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import orjson
import pytest

from deploy.local.stack.state import LOGS_FOLDER, Stack
from tests.conftest import StartStack
from tests.e2e import client


@dataclass(frozen=True)
class Victim:
    stack: Stack
    conversation: str
    """Of ann and bob."""

    @property
    def url(self) -> str:
        return self.stack.gateways[0]

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 0

    def faults(self) -> list[str]:
        """Return the log lines that no input may cause."""
        lines = [
            line
            for path in sorted((self.stack.folder / LOGS_FOLDER).glob("*.log*"))
            for line in path.read_text(errors="replace").splitlines()
        ]
        return [line[:2_000] for line in lines if _is_fault(line)]


def _is_fault(line: str) -> bool:
    if "Traceback" in line or "our fault" in line:
        return True
    try:
        return bool(orjson.loads(line).get("level") in ("error", "critical"))
    except (orjson.JSONDecodeError, AttributeError):
        return False


@pytest.fixture(scope="module")
async def shared_victim(start_stack: StartStack) -> AsyncIterator[Victim]:
    stack = start_stack()
    async with client.http(stack.gateways[0]) as http:
        yield Victim(stack, await client.start(http, "ann", "bob"))


@pytest.fixture
def victim(shared_victim: Victim) -> Iterator[Victim]:
    """A stack that lives and has logged no fault of its own after the test."""
    processes = {process.pid for process in shared_victim.stack.reload().processes}
    yield shared_victim
    assert shared_victim.faults() == []
    assert {process.pid for process in shared_victim.stack.reload().processes} == processes, "one restarted"
    assert httpx.get(f"{shared_victim.url}/healthz", timeout=15).status_code == 200
