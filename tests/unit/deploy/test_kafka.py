"""The files of the local Kafka."""

import stat
from pathlib import Path

import pytest

from deploy.local.dependencies.kafka import Kafka
from deploy.local.supervisor.process import Process


async def _run_nothing(_: Process) -> None:
    """Replaces Maven and Kafka's storage tool."""


@pytest.mark.parametrize("mode", [None, 0o755])
async def test_only_the_owner_can_read_the_folder_also_one_of_an_earlier_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int | None
) -> None:
    folder = tmp_path / "kafka"
    if mode is not None:
        (folder / "data").mkdir(parents=True)
        folder.chmod(mode)
    monkeypatch.setattr("deploy.local.programs.find", lambda _: Path("/bin/true"))
    monkeypatch.setattr(Kafka, "_format", lambda self, run: run(Process("format", [])))
    await Kafka(folder, tmp_path / "cache", 1, 2).prepare(_run_nothing)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
