"""What the same work costs after a pause."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from pydantic import BaseModel

from bench.scenarios.scenario import Recorder, option
from shared.contract import codec
from tools.contract.samples import sample_bytes

_ENTRY = sample_bytes()["chat.message.sent.v1"]
_LARGE = bytearray(64 * 1024 * 1024)


class PauseFigures(BaseModel):
    pause: str
    microseconds: float
    times: float
    """The work without a pause."""


def _work() -> None:
    """Some of what a process does with one message: decode, encode, put it into a batch."""
    for _ in range(3):
        value = codec.encode(codec.decode_entry(_ENTRY))
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 20)
        builder.append(0, None, b"key", value, [])
        builder.build()


def _spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


_PAUSES: dict[str, Callable[[], object]] = {
    "none": lambda: None,
    "1 ms asleep": lambda: time.sleep(0.001),
    "5 ms asleep": lambda: time.sleep(0.005),
    "50 ms asleep": lambda: time.sleep(0.05),
    "5 ms spinning": lambda: _spin(0.005),
    "64 MiB read": lambda: bytes(_LARGE),
}


@dataclass
class WarmVsCold:
    """Do the same work after different pauses.

    Where the processor's last cache is shared, code and data leave it after some milliseconds, whether the
    process slept or was busy with something small: each message that comes alone pays for fetching them
    again, in every process on its way. This measures that share of a lone message's cost.
    """

    name: str = option("", "of the file in bench/results/, to keep the rounds")
    rounds: int = option(200, "of each pause")

    def run(self, recorder: Recorder) -> None:
        for _ in range(10 * self.rounds):
            _work()
        warm = 0.0
        for pause, rest in _PAUSES.items():
            taken = median(self._taken(rest) for _ in range(self.rounds))
            warm = warm or taken
            recorder.add("work", PauseFigures(pause=pause, microseconds=taken * 1e6, times=taken / warm))

    def _taken(self, rest: Callable[[], object]) -> float:
        rest()
        began = time.perf_counter()
        _work()
        return time.perf_counter() - began
