"""The log files of the local stack, and which of their lines the terminal shows."""

import asyncio
from pathlib import Path

import pytest

from deploy.local.supervisor.console import Console
from deploy.local.supervisor.log_files import LogFiles, is_routine, readable


def unexpected(text: str) -> None:
    raise AssertionError(text)


def test_a_log_file_is_bounded_and_one_previous_file_is_kept(tmp_path: Path) -> None:
    files = LogFiles(tmp_path / "logs", unexpected, max_bytes=1000)
    for n in range(100):
        files.write("gateway", [f"{n:03d} {'x' * 95}"])
    kept = sorted((tmp_path / "logs").iterdir())
    assert [path.name for path in kept] == ["gateway.log", "gateway.log.1"]
    assert all(path.stat().st_size <= 1000 for path in kept)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in kept)
    lines = [line for path in reversed(kept) for line in path.read_text().splitlines()]
    assert [int(line[:3]) for line in lines] == list(range(100 - len(lines), 100))


def test_the_next_run_appends_and_makes_the_folder_private(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir(mode=0o755)
    for text in ("first", "second"):
        LogFiles(tmp_path / "logs", unexpected).write("store", [text])
    assert (tmp_path / "logs" / "store.log").read_text() == "first\nsecond\n"
    assert (tmp_path / "logs").stat().st_mode & 0o777 == 0o700


def test_a_file_that_cannot_be_written_is_reported_once_and_raises_nothing(tmp_path: Path) -> None:
    warnings: list[str] = []
    files = LogFiles(tmp_path / "logs", warnings.append)
    files.path("store").symlink_to("/dev/full")
    for _ in range(3):
        files.write("store", ["text"])
    assert len(warnings) == 1
    assert "No space left" in warnings[0]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('{"event": "link.up", "level": "info"}', None),
        ('{"event": "x", "level": "debug"}', None),
        ('{"lag": 7, "event": "slow", "service": "g", "level": "warning"}', "warning: slow lag=7"),
        (
            '{"event": "failed", "level": "error", "exception": "Traceback …\\n  File …\\nKeyError: 1"}',
            "error: failed (KeyError: 1)",
        ),
        (r'{"note": "\"level\": \"info\"", "event": "e", "level": "error"}', 'error: e note="level": "info"'),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ("{not json", "{not json"),
        ('{"other": 1}', '{"other": 1}'),
    ],
)
def test_the_terminal_shows_warnings_errors_and_plain_text(line: str, shown: str | None) -> None:
    assert (None if is_routine(line) else readable(line)) == shown


async def test_a_quiet_command_is_printed_only_when_it_is_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console(tmp_path / "logs", everything=False)
    stream = asyncio.StreamReader()
    stream.feed_data(b"".join(f"line {n}\n".encode() for n in range(100)))
    stream.feed_eof()
    tail = await console.relay("web", stream, quiet=True)
    assert capsys.readouterr().out == ""
    console.replay("web", tail)
    assert capsys.readouterr().out.splitlines() == [f"web        line {n}" for n in range(80, 100)]
    assert len((tmp_path / "logs" / "web.log").read_text().splitlines()) == 100
