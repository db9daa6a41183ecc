"""The commands that the wheel installs, which containers start."""

import subprocess
import sys
import tomllib

import pytest

from deploy.local.paths import ROOT

SCRIPTS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


@pytest.mark.parametrize(
    ("script", "arguments", "missing"),
    [
        ("gateway", [], "SERVICE_TOKEN"),
        ("message-store", ["migrate"], "DATABASE_URL"),
        ("message-store", ["project"], "DATABASE_URL"),
        ("message-store", ["serve"], "DATABASE_URL"),
        ("notifier", [], "SERVICE_TOKEN"),
    ],
)
def test_a_command_without_settings_names_what_is_missing(
    script: str, arguments: list[str], missing: str
) -> None:
    ended = _run(script, *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("bad settings: ")
    assert missing in ended.stderr


def test_topics_names_a_bad_setting() -> None:
    ended = _run("topics", PARTITIONS="0")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("bad settings: PARTITIONS: ")


@pytest.mark.parametrize("arguments", [[], ["unknown"], ["migrate", "twice"]])
def test_message_store_without_a_command_prints_its_usage(arguments: list[str]) -> None:
    ended = _run("message-store", *arguments)
    assert (ended.returncode, ended.stderr) == (1, "usage: message-store migrate | project | serve\n")


def test_every_command_is_tested_here() -> None:
    assert SCRIPTS.keys() == {"gateway", "message-store", "notifier", "topics"}


def _run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as its script does, with no environment but this."""
    module, _, function = SCRIPTS[script].partition(":")
    start = f"import sys; from {module} import {function}; sys.exit({function}())"
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
