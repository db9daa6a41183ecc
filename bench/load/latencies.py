"""Latency percentiles by HdrHistogram."""

from collections.abc import Iterable
from math import nan
from typing import Any

from hdrh.histogram import HdrHistogram
from pydantic_core import CoreSchema, core_schema

_MAX_MICROSECONDS = 3_600_000_000
_SIGNIFICANT_DIGITS = 3


class Latencies:
    """Durations from 1 µs to one hour, in JSON as HdrHistogram's base64 text.

    Percentiles have a relative error of at most 0.1 %, upwards: that is the histogram's resolution.
    """

    def __init__(self, seconds: Iterable[float] = ()) -> None:
        self._histogram = HdrHistogram(1, _MAX_MICROSECONDS, _SIGNIFICANT_DIGITS)
        for duration in seconds:
            self._histogram.record_value(max(1, round(duration * 1e6)))

    def __len__(self) -> int:
        return int(self._histogram.get_total_count())

    def milliseconds(self, percentile: float) -> float:
        """The value that `percentile` per cent do not exceed; nan when there are none."""
        return self._histogram.get_value_at_percentile(percentile) / 1e3 if len(self) else nan

    @classmethod
    def merged(cls, parts: Iterable["Latencies"]) -> "Latencies":
        """All parts as one."""
        whole = cls()
        for part in parts:
            whole._histogram.add(part._histogram)
        return whole

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        encode = core_schema.plain_serializer_function_ser_schema(
            lambda latencies: latencies._histogram.encode().decode()
        )
        return core_schema.no_info_plain_validator_function(cls._parse, serialization=encode)

    @classmethod
    def _parse(cls, value: "Latencies | str | list[float]") -> "Latencies":
        if not isinstance(value, str):
            return value if isinstance(value, Latencies) else cls(value)
        latencies = cls()
        latencies._histogram.decode_and_add(value)
        return latencies
