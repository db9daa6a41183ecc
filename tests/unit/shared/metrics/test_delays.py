"""Histograms of delays count as those of prometheus_client do."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from shared.contract.fields import timestamp
from shared.metrics.delays import BOUNDS_SECONDS, DelayHistogram, posix_seconds

seconds = st.floats(0, 1_000) | st.sampled_from(BOUNDS_SECONDS)


@given(st.lists(seconds, max_size=20))
def test_it_exposes_what_a_histogram_of_prometheus_client_exposes(observed: list[float]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    delays = DelayHistogram("step_delay_seconds", "A step.", ours)
    histogram = Histogram("step_delay_seconds", "A step.", buckets=BOUNDS_SECONDS, registry=theirs)
    for each in observed:
        delays.observe(each)
        histogram.observe(each)
    expected = [line for line in generate_latest(theirs).splitlines() if b"_created" not in line]
    assert generate_latest(ours).splitlines() == expected


def test_a_step_that_seems_to_come_before_the_acceptance_takes_no_time() -> None:
    registry = CollectorRegistry()
    DelayHistogram("step_delay_seconds", "A step.", registry).observe(-0.2)
    assert registry.get_sample_value("step_delay_seconds_sum") == 0
    assert registry.get_sample_value("step_delay_seconds_bucket", {"le": "0.005"}) == 1


def test_each_event_counts_from_its_own_time_and_records_without_one_do_not_count() -> None:
    registry = CollectorRegistry()
    delays = DelayHistogram("step_delay_seconds", "A step.", registry)
    now = timestamp(datetime.now(UTC))
    delays.observe_since([now, None, "2020-01-01T00:00:00.000Z"])
    assert registry.get_sample_value("step_delay_seconds_count") == 2
    assert registry.get_sample_value("step_delay_seconds_bucket", {"le": "60.0"}) == 1


@given(st.integers(946_684_800_000, 4_102_444_800_000))
def test_the_time_of_an_event_is_read_to_the_millisecond(milliseconds: int) -> None:
    moment = datetime.fromtimestamp(milliseconds / 1_000, UTC)
    assert abs(posix_seconds(timestamp(moment)) - moment.timestamp()) < 0.001
