"""The cache of binaries: complete or absent, and built once."""

from pathlib import Path

import pytest

from deploy.local.errors import UserError
from tests.cluster.binaries import build, cache


def test_a_folder_is_filled_once(tmp_path: Path) -> None:
    folder, calls = tmp_path / "hash" / "bin", []

    def fill(unfinished: Path) -> None:
        calls.append(unfinished)
        assert not folder.exists()
        (unfinished / "kubectl").write_text("program")

    cache.fill(folder, fill)
    cache.fill(folder, fill)
    assert len(calls) == 1
    assert (folder / "kubectl").read_text() == "program"


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "hash" / "bin"

    def fail(unfinished: Path) -> None:
        (unfinished / "half").touch()
        raise UserError("go build failed")

    with pytest.raises(UserError, match="go build failed"):
        cache.fill(folder, fail)
    assert [path.name for path in folder.parent.iterdir()] == ["lock"]


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="not a directory; PARLEY_CACHE names another folder"):
        build.fill_or_explain(tmp_path / "file" / "hash" / "bin", lambda _: None)


def test_the_cache_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path / "own"))
    assert cache.binaries().is_relative_to(tmp_path / "own" / "cluster")
    monkeypatch.delenv("PARLEY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert cache.binaries().is_relative_to(tmp_path / "user" / "parley" / "cluster")
