"""A gauge by partition shows what is there now."""

from prometheus_client import CollectorRegistry

from shared.metrics.partition_gauge import PartitionGauge


def test_a_partition_that_is_gone_has_no_series_any_more() -> None:
    registry = CollectorRegistry()
    gauge = PartitionGauge("lag_records", "Lag.", registry)
    values = {3: 7.0, 4: 0.0}
    gauge.set_function(lambda: values)
    assert registry.get_sample_value("lag_records", {"partition": "3"}) == 7
    del values[3]
    assert registry.get_sample_value("lag_records", {"partition": "3"}) is None
    assert registry.get_sample_value("lag_records", {"partition": "4"}) == 0
