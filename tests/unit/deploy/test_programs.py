"""Missing programs are named with the command that installs them on this system."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import programs
from deploy.local.errors import UserError


@pytest.fixture(autouse=True)
def _no_programs(tmp_path: Path) -> Iterator[None]:
    """An unprivileged user on a system without programs."""
    with pytest.MonkeyPatch.context() as monkeypatch:  # undone before pytest cleans up its folders
        monkeypatch.setenv("PATH", os.fspath(tmp_path))
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.setattr(programs, "FOLDERS", {})
        yield


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ({"ID": "debian"}, "sudo apt-get install default-jdk-headless maven postgresql"),
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "sudo apt-get install default-jdk-headless maven postgresql"),
        ({"ID": "fedora"}, "sudo dnf install java-21-openjdk-devel maven postgresql-server"),
        (
            {"ID": "rocky", "ID_LIKE": "rhel centos fedora"},
            "sudo dnf install java-21-openjdk-devel maven postgresql-server",
        ),
        ({"ID": "arch"}, "docs/install.md has the commands"),
    ],
)
def test_one_command_installs_all_missing_programs(
    monkeypatch: pytest.MonkeyPatch, release: dict[str, str], command: str
) -> None:
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: release)
    with pytest.raises(UserError) as error:
        programs.require("java", "mvn", "postgres")
    assert str(error.value) == f"java and mvn and postgres are missing; install: {command}"


def test_a_derived_system_may_name_a_package_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": "ubuntu", "ID_LIKE": "debian"})
    assert programs.install_command(["chromium-headless-shell"]) == "sudo apt-get install chromium-browser"


def test_without_a_release_file_the_error_refers_to_the_documentation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> dict[str, str]:
        raise FileNotFoundError

    monkeypatch.setattr("platform.freedesktop_os_release", missing)
    with pytest.raises(UserError, match=r"psql is missing; install: docs/install\.md"):
        programs.find("psql")


def test_a_program_is_found_under_the_name_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "chromium-browser").write_text("#!/bin/sh\n")
    (tmp_path / "chromium-browser").chmod(0o755)
    assert programs.find("chromium-headless-shell") == tmp_path / "chromium-browser"
