"""Samples of a stack's metrics and database, taken again and again meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families

_INTERVAL_SECONDS = 0.5


class Sample(NamedTuple):
    moment: float
    values: Mapping[str, float]


class Samples(list[Sample]):
    def series(self, name: str) -> list[float]:
        return [sample.values.get(name, 0.0) for sample in self]

    def fastest_growth(self, name: str) -> float:
        """Of a counter: the most that it grew by in a second."""
        rates = [0.0]
        for index, begin in enumerate(self):
            later = next((sample for sample in self[index:] if sample.moment - begin.moment >= 1), None)
            if later is not None:
                growth = later.values.get(name, 0.0) - begin.values.get(name, 0.0)
                rates.append(growth / (later.moment - begin.moment))
        return max(rates)


@contextmanager
def sampling(read: Callable[[], Mapping[str, float]]) -> Iterator[Samples]:
    """Call `read` in a thread until this is left."""
    samples, stop = Samples(), threading.Event()

    def run() -> None:
        while not stop.is_set():
            samples.append(Sample(time.monotonic(), read()))
            stop.wait(_INTERVAL_SECONDS)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


def read_metrics(client: httpx.Client, url: str, prefix: str = "") -> dict[str, float]:
    """Of one process, sums over labels. Empty when it does not answer."""
    try:
        text = client.get(f"{url}/metrics").text
    except httpx.TransportError:
        return {}
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[prefix + sample.name] = sums.get(prefix + sample.name, 0.0) + sample.value
    return sums
