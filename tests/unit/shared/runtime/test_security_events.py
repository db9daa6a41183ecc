"""Security events: each is counted, few are logged."""

from itertools import count

import structlog

from shared.runtime import security_events
from shared.runtime.security_events import SecurityLog
from tests.fixtures.security_events import counted


def test_at_most_one_line_a_second_and_kind_with_the_number_of_the_others() -> None:
    now = [100.0]
    log = SecurityLog(clock=lambda: now[0])
    with structlog.testing.capture_logs() as lines:
        for _ in range(1_000):
            log.write("401", client="203.0.113.7", user=None, reason="missing credentials")
        log.write("403", client="203.0.113.7", user="ann", reason="meId is not the authenticated user")
        now[0] += 1.0
        log.write("401", client="203.0.113.8", user=None, reason="missing credentials")
        now[0] += 5.0
        log.write("401", client="203.0.113.9", user=None, reason="missing credentials")
    shown = [(line["kind"], line["client"], line["user"], line["more"]) for line in lines]
    assert shown == [
        ("401", "203.0.113.7", None, 0),
        ("403", "203.0.113.7", "ann", 0),
        ("401", "203.0.113.8", None, 999),
        ("401", "203.0.113.9", None, 0),
    ]


def test_over_any_time_lines_and_skipped_events_add_up() -> None:
    ticks = count()
    log = SecurityLog(clock=lambda: next(ticks) * 0.3)
    with structlog.testing.capture_logs() as lines:
        for _ in range(101):
            log.write("429", client=None, user=None, reason="")
    assert len(lines) == 26
    assert sum(line["more"] + 1 for line in lines) == 101


def test_every_event_is_counted() -> None:
    before = counted("4400")
    for _ in range(10):
        security_events.record("4400", client="203.0.113.7", user="ann", reason="bad frames")
    security_events.count("4400")
    assert counted("4400") == before + 11
