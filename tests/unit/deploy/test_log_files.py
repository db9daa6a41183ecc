"""The log files of the local stack, and which of their lines the terminal shows."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.supervisor.console import Console
from deploy.local.supervisor.log_files import LogFiles, is_routine, readable

PRINTS = """
import sys
from functools import partial
from pathlib import Path
from deploy.local.supervisor import console as module

module.rotate_output = partial(module.rotate_output, max_bytes=1000)
console = module.Console(terminal=Path(sys.argv[1]), width=7)
for number in range(200):
    console.line("gateway", str(number))
"""


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


def test_the_output_of_a_stack_in_the_background_is_bounded_too(tmp_path: Path) -> None:
    """Its warnings are caused by clients, among others."""
    output = tmp_path / "parley.log"
    with output.open("ab") as file:
        subprocess.run([sys.executable, "-c", PRINTS, output], stdout=file, stderr=file, check=True)
    kept = [output.with_name("parley.log.1"), output]
    lines = [line for path in kept for line in path.read_text().splitlines()]
    assert all(path.stat().st_size <= 1000 + len(lines[-1]) + 1 for path in kept)
    assert output.stat().st_mode & 0o777 == 0o600
    numbers = [int(line.split()[1]) for line in lines]
    assert numbers == list(range(200 - len(lines), 200))


def test_output_to_another_file_is_left_alone(tmp_path: Path) -> None:
    output = tmp_path / "mine.log"
    with output.open("ab") as file:
        subprocess.run([sys.executable, "-c", PRINTS, tmp_path / "parley.log"], stdout=file, check=True)
    assert len(output.read_text().splitlines()) == 200
    assert list(tmp_path.iterdir()) == [output]


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
