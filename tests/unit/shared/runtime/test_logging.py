import logging
from collections.abc import Iterable

from shared.runtime.logging import RepeatFilter


class Passing(Exception):
    """An error that aiokafka marks as retriable."""

    retriable = True


def log_record(name: str, at: float, message: str = "no node %s", what: object = 1) -> logging.LogRecord:
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, (what,), None)
    record.created = at
    return record


def logged_at(repeat_filter: RepeatFilter, times: Iterable[float], what: object = 1) -> list[float]:
    return [at for at in times if repeat_filter.filter(log_record("aiokafka.conn", at, what=what))]


def test_a_repeated_record_of_aiokafka_is_logged_at_growing_intervals() -> None:
    assert logged_at(RepeatFilter("aiokafka"), range(100, 250)) == [100, 110, 130, 170]


def test_after_a_minute_without_a_repetition_it_is_logged_at_once() -> None:
    assert logged_at(RepeatFilter("aiokafka"), [100, 101, 162, 163]) == [100, 162]


def test_a_retriable_error_is_logged_only_when_it_lasts() -> None:
    assert logged_at(RepeatFilter("aiokafka"), [100, 101, 105], Passing()) == []
    assert logged_at(RepeatFilter("aiokafka"), range(100, 135), Passing()) == [110, 120]


def test_new_records_and_other_loggers_records_are_logged_at_once() -> None:
    repeat_filter = RepeatFilter("aiokafka")
    assert repeat_filter.filter(log_record("aiokafka.conn", 100))
    assert repeat_filter.filter(log_record("aiokafka.conn", 100, "group %s rebalances"))
    assert all(repeat_filter.filter(log_record("uvicorn", 100)) for _ in range(3))
