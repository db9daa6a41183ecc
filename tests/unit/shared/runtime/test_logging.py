import logging
from collections.abc import Iterable

from shared.runtime.logging import RepeatFilter


class Passing(Exception):
    """As aiokafka marks what it tries again."""

    retriable = True


def said(name: str, at: float, message: str = "no node %s", what: object = 1) -> logging.LogRecord:
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, (what,), None)
    record.created = at
    return record


def heard(seldom: RepeatFilter, times: Iterable[float], what: object = 1) -> list[float]:
    return [at for at in times if seldom.filter(said("aiokafka.conn", at, what=what))]


def test_what_aiokafka_repeats_is_said_again_after_ever_longer_silences() -> None:
    assert heard(RepeatFilter("aiokafka"), range(100, 250)) == [100, 110, 130, 170]


def test_after_a_minute_of_silence_it_is_news_again() -> None:
    assert heard(RepeatFilter("aiokafka"), [100, 101, 162, 163]) == [100, 162]


def test_what_passes_by_itself_is_said_only_when_it_lasts() -> None:
    assert heard(RepeatFilter("aiokafka"), [100, 101, 105], Passing()) == []
    assert heard(RepeatFilter("aiokafka"), range(100, 135), Passing()) == [110, 120]


def test_what_is_new_and_what_others_say_is_said_at_once() -> None:
    seldom = RepeatFilter("aiokafka")
    assert seldom.filter(said("aiokafka.conn", 100))
    assert seldom.filter(said("aiokafka.conn", 100, "group %s rebalances"))
    assert all(seldom.filter(said("uvicorn", 100)) for _ in range(3))
