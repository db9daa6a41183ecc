import logging

from shared.logs import Seldom


def said(name: str, at: float, message: str = "no node %s") -> logging.LogRecord:
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, (1,), None)
    record.created = at
    return record


def test_what_aiokafka_repeats_is_said_once_in_ten_seconds() -> None:
    seldom = Seldom("aiokafka")
    assert [seldom.filter(said("aiokafka.conn", at)) for at in (100, 101, 109, 110, 111)] == [
        *(True, False, False),
        *(True, False),
    ]


def test_what_is_new_and_what_others_say_is_said_at_once() -> None:
    seldom = Seldom("aiokafka")
    assert seldom.filter(said("aiokafka.conn", 100))
    assert seldom.filter(said("aiokafka.conn", 100, "group %s rebalances"))
    assert all(seldom.filter(said("uvicorn", 100)) for _ in range(3))
