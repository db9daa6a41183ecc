"""A gauge with one series a partition, read when it is scraped: partitions come and go with each rebalance,
and one that is gone must not keep its last value."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

Values = Callable[[], Mapping[int, float]]


class PartitionGauge(Collector):
    def __init__(self, name: str, documentation: str, registry: CollectorRegistry = REGISTRY) -> None:
        self._name = name
        self._documentation = documentation
        self._values: Values = dict
        registry.register(self)

    def set_function(self, values: Values) -> None:
        """Expose what `values` returns, by partition."""
        self._values = values

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._documentation, labels=["partition"])
        for partition, value in self._values().items():
            family.add_metric([str(partition)], value)
        yield family
