"""Which log this process works with: gateways by Kafka, serve by the database. They must agree."""

from prometheus_client import Gauge

_log = Gauge("parley_log_info", "The log that this process works with; always 1.", ["epoch"])


def expose_log(epoch: str) -> None:
    """Expose the epoch, instead of any before."""
    _log.clear()
    _log.labels(epoch).set(1)
