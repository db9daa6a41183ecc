"""What the same work costs after a pause: `python -m bench.cold`.

Where others share the processor's last cache, code and data are gone from it after some milliseconds, whether
one slept or was busy with something small: each message that comes alone pays for fetching them again, in
every process on its way. This tells how much of a machine's cost of a message at a low rate that is.
"""

import statistics
import time
from collections.abc import Callable

from aiokafka.record.default_records import DefaultRecordBatchBuilder

from shared.contract import codec
from tools.contract.samples import sample_bytes

_ENTRY = sample_bytes()["chat.message.sent.v1"]
_ROUNDS = 200
_LARGE = bytearray(64 * 1024 * 1024)


def _work() -> None:
    """Some of what a process does with one message: read it, write it, put it into a batch."""
    for _ in range(3):
        value = codec.encode(codec.decode_entry(_ENTRY))
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 20)
        builder.append(0, None, b"key", value, [])
        builder.build()


def _spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


PAUSES: dict[str, Callable[[], object]] = {
    "none": lambda: None,
    "1 ms asleep": lambda: time.sleep(0.001),
    "5 ms asleep": lambda: time.sleep(0.005),
    "50 ms asleep": lambda: time.sleep(0.05),
    "5 ms spinning": lambda: _spin(0.005),
    "64 MiB read": lambda: bytes(_LARGE),
}


def _median(pause: Callable[[], object]) -> float:
    """Microseconds of the work after it."""
    taken = []
    for _ in range(_ROUNDS):
        pause()
        began = time.perf_counter()
        _work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6


def main() -> None:
    for _ in range(2_000):
        _work()
    warm = _median(PAUSES["none"])
    print(f"{'pause':>14} {'µs':>7} {'×':>6}")
    for name, pause in PAUSES.items():
        taken = _median(pause)
        print(f"{name:>14} {taken:7.0f} {taken / warm:6.1f}")


if __name__ == "__main__":
    main()
