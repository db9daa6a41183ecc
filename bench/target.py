"""What is measured: a stack of real processes of its own, on free ports, in a folder that goes with it."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg

from bench.plan import Pair
from deploy.local.background import running
from deploy.local.record import Stack

_ROWS = "select client_id from messages where conversation_id = any(%s::uuid[]) and client_id like %s"


class Parley:
    """The stack, as the bench needs it. A peer needs the same."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @property
    def socket(self) -> str:
        """The user id comes after it."""
        return f"{self._stack.gateways[0].replace('http', 'ws', 1)}/ws?token="

    def processes(self) -> dict[str, int]:
        """pids by name, as they are now."""
        stack = self._stack.again()
        return {process.name: process.pid for process in (*stack.processes, stack.supervisor)}

    def begin(self, pairs: Sequence[Pair]) -> None:
        """Starts the conversations; blocks until all are there."""
        with httpx.Client(base_url=self._stack.gateways[0], timeout=10) as client:
            for pair in pairs:
                answer = client.post(f"/messages/start?meId={quote(pair.a)}", json={"peerId": pair.b})
                answer.raise_for_status()
                assert answer.json()["id"] == pair.conversation

    def history(self, pairs: Sequence[Pair], round_name: str) -> list[str]:
        """The clientIds of all rows that a round made."""
        conversations = [pair.conversation for pair in pairs]
        with psycopg.connect(self._stack.database) as connection:
            return [row[0] for row in connection.execute(_ROWS, (conversations, f"{round_name}.%"))]


@contextmanager
def parley() -> Iterator[Parley]:
    """Ready when entered, gone with its data when left. Data are synced to disk as in `make run`."""
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    folder.chmod(0o711)  # PostgreSQL's user must get through
    try:
        with running(folder) as stack:
            yield Parley(stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
