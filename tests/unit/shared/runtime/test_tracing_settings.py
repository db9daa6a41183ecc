"""The environment variables of tracing."""

import sys
from pathlib import Path

import pytest

from shared.runtime import tracing_settings
from shared.runtime.settings import TracingSettings, load_settings

ON = {"OTEL_TRACES_EXPORTER": "otlp"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in TracingSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def load(environment: pytest.MonkeyPatch, **variables: str) -> TracingSettings:
    for name, value in variables.items():
        environment.setenv(name, value)
    return load_settings(TracingSettings)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_TRACES_EXPORTER": ""},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"},
        ON | {"OTEL_SDK_DISABLED": "true"},
    ],
)
def test_no_traces_are_sent_unless_they_are_switched_on(
    environment: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    assert not load(environment, **variables).traces_are_sent


def test_what_is_meant_for_other_programs_is_not_checked_while_tracing_is_off(
    environment: pytest.MonkeyPatch,
) -> None:
    others = {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_TRACES_SAMPLER": "jaeger_remote"}
    assert not load(environment, **others).traces_are_sent


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "http://localhost:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example/otlp/"}, "https://c.example/otlp/v1/traces"),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://d/x",
            },
            "http://d/x",
        ),
    ],
)
def test_the_url_is_that_of_the_specification(
    environment: pytest.MonkeyPatch, variables: dict[str, str], url: str
) -> None:
    settings = load(environment, **ON, **variables)
    assert settings.traces_are_sent
    assert settings.traces_url == url


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "jaeger"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"}, "http/protobuf"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_TRACES_SAMPLER": "sometimes"}, "parentbased_traceidratio"),
        (
            {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1%"},
            "OTEL_TRACES_SAMPLER_ARG",
        ),
        (
            {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"},
            "from 0.0 to 1.0",
        ),
        ({"OTEL_BSP_SCHEDULE_DELAY": "5s"}, "OTEL_BSP_SCHEDULE_DELAY must be a whole number"),
        ({"OTEL_EXPORTER_OTLP_TIMEOUT": "0"}, "OTEL_EXPORTER_OTLP_TIMEOUT"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "100"}, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE (512)"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    named: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        load(environment, **{**ON, **variables})
    assert ended.value.code == 2
    line = capsys.readouterr().err
    assert line.startswith("bad settings: ")
    assert line.count("\n") == 1
    assert named in line


def test_without_the_extra_one_line_names_what_to_install(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setattr(tracing_settings, "_PARTS_OF_THE_EXTRA", ("opentelemetry.not_installed",))
    with pytest.raises(SystemExit):
        load(environment, **ON)
    assert "pip install 'parley[otel]'" in capsys.readouterr().err
    environment.setattr(tracing_settings, "_PARTS_OF_THE_EXTRA", ("nothing_of_this_name.sdk",))
    with pytest.raises(SystemExit):
        load(environment, **ON)
    assert "nothing_of_this_name" not in sys.modules


def test_the_headers_for_the_collector_are_a_secret_and_may_lie_in_a_file(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "headers"
    path.write_text("authorization=Bearer%20key\n")
    settings = load(environment, **ON, OTEL_EXPORTER_OTLP_HEADERS_FILE=str(path))
    assert settings.headers == "authorization=Bearer%20key"
    assert "key" not in repr(settings)
