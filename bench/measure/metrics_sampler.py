"""Looks at the stack again and again meanwhile: its metrics, its database, its memory."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families


class Seen(NamedTuple):
    moment: float
    values: Mapping[str, float]


Look = Callable[[], Mapping[str, float]]


class Watch:
    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def peak(self, name: str) -> float:
        return max((each.values.get(name, 0.0) for each in self.seen), default=0.0)

    def first(self, name: str) -> float:
        return self.seen[0].values.get(name, 0.0)

    def last(self, name: str) -> float:
        return self.seen[-1].values.get(name, 0.0)

    def fastest(self, name: str, span: float = 1.0) -> float:
        """Of a counter: the most that it grew by in `span` seconds, a second."""
        rates = [0.0]
        for start, begin in enumerate(self.seen):
            later = next((each for each in self.seen[start:] if each.moment - begin.moment >= span), None)
            if later is not None:
                grown = later.values.get(name, 0.0) - begin.values.get(name, 0.0)
                rates.append(grown / (later.moment - begin.moment))
        return max(rates)


@contextmanager
def watching(look: Look, every: float = 0.5) -> Iterator[Watch]:
    watch, stop = Watch(), threading.Event()

    def run() -> None:
        while not stop.is_set():
            watch.seen.append(Seen(time.monotonic(), look()))
            stop.wait(every)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()


def metrics(client: httpx.Client, url: str, prefix: str) -> dict[str, float]:
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
