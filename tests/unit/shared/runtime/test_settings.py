"""Settings from the environment, and secrets from files."""

from pathlib import Path

import pytest
from pydantic import PostgresDsn, Secret, SecretStr

from shared.runtime.settings import EnvironmentSettings, load_settings


class Example(EnvironmentSettings):
    password: SecretStr | None = None
    keys: tuple[SecretStr, ...] = ()
    address: Secret[PostgresDsn] | None = None
    name: str = ""


@pytest.fixture
def secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secret"
    monkeypatch.setenv("PASSWORD_FILE", str(path))
    return path


def fault(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that a process with bad settings ends with."""
    with pytest.raises(SystemExit) as ended:
        load_settings(Example)
    assert ended.value.code == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_a_secret_may_lie_in_a_file_whose_line_ends(secret_file: Path, end: str) -> None:
    secret_file.write_bytes(f" pä = ss {end}".encode())
    settings = load_settings(Example)
    assert settings.password is not None
    assert settings.password.get_secret_value() == " pä = ss "
    assert "pä" not in repr(settings)


def test_secrets_of_other_types_may_lie_in_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "url"
    path.write_text("postgresql://parley:hidden@db.example/parley\n")
    monkeypatch.setenv("ADDRESS_FILE", str(path))
    settings = load_settings(Example)
    assert settings.address is not None
    assert str(settings.address.get_secret_value()) == "postgresql://parley:hidden@db.example/parley"
    assert "hidden" not in repr(settings)


def test_only_secrets_are_read_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME_FILE", str(tmp_path / "name"))
    assert load_settings(Example).name == ""


def test_an_empty_variable_counts_as_none(secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret_file.write_text("of the file")
    monkeypatch.setenv("PASSWORD", "")
    password = load_settings(Example).password
    assert password is not None
    assert password.get_secret_value() == "of the file"
    monkeypatch.setenv("PASSWORD", "of the variable")
    monkeypatch.setenv("PASSWORD_FILE", "")
    password = load_settings(Example).password
    assert password is not None
    assert password.get_secret_value() == "of the variable"


def test_a_value_and_a_file_are_one_too_many(
    secret_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret_file.write_text("hidden")
    monkeypatch.setenv("PASSWORD", "concealed")
    line = fault(capsys)
    assert "PASSWORD and PASSWORD_FILE are both set" in line
    assert "concealed" not in line


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"x" * 70_000, "has more than 65536 bytes"),
    ],
)
def test_a_file_that_holds_no_secret_ends_the_process_with_one_line(
    secret_file: Path, content: bytes | None, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        secret_file.write_bytes(content)
    line = fault(capsys)
    assert line.startswith(f"bad settings: PASSWORD_FILE: {secret_file} {reason}")


def test_a_folder_in_place_of_the_file_is_one_line_too(
    secret_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret_file.mkdir()
    assert "cannot be read: Is a directory" in fault(capsys)
