"""Whether and where traces are sent, by the environment variables of OpenTelemetry's own specification:
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/

The SDK reads these and more of them by itself: OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_CERTIFICATE and
others.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, SecretStr, model_validator
from pydantic_core import Url, ValidationError

from shared.runtime.environment import EnvironmentSettings

_PROTOCOL = "http/protobuf"
_DEFAULT_ENDPOINT = "http://localhost:4318"
_SAMPLERS = ("always_on", "always_off", "traceidratio")
_PARTS_OF_THE_EXTRA = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_WHOLE_NUMBERS = (
    *("otel_exporter_otlp_timeout", "otel_bsp_schedule_delay"),
    *("otel_bsp_max_queue_size", "otel_bsp_max_export_batch_size"),
)
_Switch = Annotated[Literal["none", "otlp"], BeforeValidator(lambda value: value or "none")]
_Flag = Annotated[bool, BeforeValidator(lambda value: value or False)]


class TracingSettings(EnvironmentSettings):
    """Settings of every process on a message's path. They are checked only where traces are sent: elsewhere
    they may be meant for other programs."""

    otel_traces_exporter: _Switch = "none"
    """The switch. Other than with OpenTelemetry's own default no traces are sent without it."""
    otel_sdk_disabled: _Flag = False
    """`true` switches tracing off, whatever else is set."""
    otel_service_name: str = ""
    """The name of this process in traces; by default `parley-gateway`, `parley-projector` and so on."""
    otel_exporter_otlp_endpoint: str = ""
    """The collector's URL, to which `/v1/traces` is added."""
    otel_exporter_otlp_traces_endpoint: str = ""
    """The whole URL, before the other."""
    otel_exporter_otlp_protocol: str = ""
    otel_exporter_otlp_traces_protocol: str = ""
    otel_exporter_otlp_headers: SecretStr = SecretStr("")
    """Sent to the collector: `name=value`, several separated by commas, values URL-encoded."""
    otel_exporter_otlp_traces_headers: SecretStr = SecretStr("")
    otel_traces_sampler: str = ""
    """Which traces are recorded; by default `parentbased_always_on`: all, but those that a client began and
    does not record."""
    otel_traces_sampler_arg: str = ""
    """The share of traces for the samplers `traceidratio` and `parentbased_traceidratio`."""
    otel_exporter_otlp_timeout: str = ""
    """Seconds for one attempt to send."""
    otel_bsp_schedule_delay: str = ""
    """Milliseconds that spans wait for others."""
    otel_bsp_max_queue_size: str = ""
    """Spans that may wait; more are dropped."""
    otel_bsp_max_export_batch_size: str = ""

    @property
    def traces_are_sent(self) -> bool:
        return self.otel_traces_exporter == "otlp" and not self.otel_sdk_disabled

    @property
    def traces_url(self) -> str:
        base = (self.otel_exporter_otlp_endpoint or _DEFAULT_ENDPOINT).rstrip("/")
        return self.otel_exporter_otlp_traces_endpoint or f"{base}/v1/traces"

    @property
    def headers(self) -> str:
        given = self.otel_exporter_otlp_traces_headers.get_secret_value()
        return given or self.otel_exporter_otlp_headers.get_secret_value()

    @property
    def sampler(self) -> str:
        return self.otel_traces_sampler or "parentbased_always_on"

    @property
    def sampled_share(self) -> float:
        """Raises ValueError."""
        return float(self.otel_traces_sampler_arg or 1)

    @model_validator(mode="after")
    def _check_tracing(self) -> Self:
        if self.traces_are_sent:
            for fault in self._faults():
                raise ValueError(fault)
        return self

    def _faults(self) -> Iterator[str]:
        if not all(map(_is_installed, _PARTS_OF_THE_EXTRA)):
            yield "OTEL_TRACES_EXPORTER=otlp needs the extra `otel`: pip install 'parley[otel]'"
        protocol = self.otel_exporter_otlp_traces_protocol or self.otel_exporter_otlp_protocol or _PROTOCOL
        if protocol != _PROTOCOL:
            yield f"OTEL_EXPORTER_OTLP_PROTOCOL={protocol}: only {_PROTOCOL} is supported (port 4318)"
        if not _is_http(self.traces_url):
            yield "OTEL_EXPORTER_OTLP_ENDPOINT is not a URL that begins with http:// or https://"
        if self.sampler.removeprefix("parentbased_") not in _SAMPLERS:
            either = ", ".join((*_SAMPLERS, *(f"parentbased_{name}" for name in _SAMPLERS)))
            yield f"OTEL_TRACES_SAMPLER must be one of {either}"
        if self.sampler.endswith("traceidratio") and not self._has_share():
            yield "OTEL_TRACES_SAMPLER_ARG must be a share of all traces, from 0.0 to 1.0"
        for name in _WHOLE_NUMBERS:
            if (text := getattr(self, name)) and not _is_positive_number(text):
                yield f"{name.upper()} must be a whole number above 0"
        if int(self.otel_bsp_max_export_batch_size or 512) > int(self.otel_bsp_max_queue_size or 2048):
            yield "OTEL_BSP_MAX_EXPORT_BATCH_SIZE (512) must not be above OTEL_BSP_MAX_QUEUE_SIZE (2048)"

    def _has_share(self) -> bool:
        try:
            return 0.0 <= self.sampled_share <= 1.0
        except ValueError:
            return False


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _is_positive_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text[:12]) > 0


def _is_http(url: str) -> bool:
    try:
        parsed = Url(url)
    except ValidationError:
        return False
    return parsed.scheme in ("http", "https") and bool(parsed.host)
