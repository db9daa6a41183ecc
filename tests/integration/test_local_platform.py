"""The local platform's supervisor: real processes, killed and stopped, with stand-ins for services."""

import asyncio
import importlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

import pytest

from deploy.local import programs
from deploy.local.errors import Failure
from deploy.local.paths import ROOT
from deploy.local.stack import state
from deploy.local.stack.state import Stack
from deploy.local.supervisor import handle, runner
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.handle import Running
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.process import Process
from deploy.local.supervisor.runner import Surroundings
from deploy.local.supervisor.supervisor import Supervisor
from tests.platform import away, eventually

STAND_IN = """
import base64, hashlib, http.server, os, signal, sys

class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path.startswith("/ws?"):
            return self.upgrade()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def upgrade(self):
        nonce = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        accept = base64.b64encode(hashlib.sha1(nonce.encode()).digest()).decode()
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        frame = b'{"type": "synced", "cursor": "c"}'
        self.wfile.write(bytes([0x81, len(frame)]) + frame + bytes([0x88, 0]))
        self.close_connection = True
    def log_message(self, *_):
        pass

def stop(*_):
    print("told to stop")
    sys.exit()

if "migrate" in sys.argv or "topics" in sys.argv[0]:
    sys.exit()
signal.signal(signal.SIGTERM, stop)
if os.environ.get("BROKEN"):
    sys.exit("it is broken")
print("it serves")
print('{"event": "partitions.owned", "level": "info"}')
print('{"event": "link.slow", "level": "warning", "seconds": 3, "service": "any"}')
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""
COMMANDS = {"shared": "topics", "gateway": "__main__", "notifier": "__main__", "message_store": "__main__"}
"""What is replaced; all else in these packages is the real thing."""
NEITHER = ("--kafka=127.0.0.1:1", "--database=postgresql://127.0.0.1:1/none")
"""No Kafka and no PostgreSQL: they would take seconds, and the stand-ins need none."""
SERVICES = ["gateway", "notifier", "projector", "store"]


class Start(Protocol):
    """`python -m deploy.local …` in the test's data folder; a variable that is None is not set."""

    def __call__(self, *arguments: str, **env: str | None) -> subprocess.Popen[str]: ...


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="parley-test-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def local(folder: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts commands; what still runs at the end is ended."""
    for package, command in COMMANDS.items():
        real = Path(str(importlib.import_module(package).__file__)).parent
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(f"__path__.append({str(real)!r})")
        (tmp_path / package / f"{command}.py").write_text(STAND_IN)
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **env: str | None) -> subprocess.Popen[str]:
        ours = {"PYTHONPATH": str(tmp_path), "DATA_DIR": str(folder), "PORT": "0", "WEB_ROOT": ""}
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", *arguments],
            cwd=ROOT,
            env={name: value for name, value in {**os.environ, **ours, **env}.items() if value is not None},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=30)
    stack = state.read_running(folder)
    handle.end([stack.supervisor] if stack else [], signal.SIGTERM, 30)


def ready(folder: Path) -> Stack:
    """The stack, once all of it is ready."""

    def found() -> Stack | None:
        stack = state.read_running(folder)
        return stack if stack and stack.ready else None

    return eventually(found, "the stack is ready", seconds=60)


def started_again(stack: Stack, name: str) -> Running:
    """The process that came after the one that `stack` has."""
    before = stack.process(name)

    def found() -> Running | None:
        now = stack.again().process(name)
        return now if now != before and now.alive else None

    return eventually(found, f"{name} is started again")


def ended(command: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Its exit code and its lines."""
    output, _ = command.communicate(timeout=30)
    return command.returncode, output.splitlines()


def test_every_line_has_the_name_of_its_process_in_front(local: Start, folder: Path) -> None:
    run = local("run", *NEITHER)
    ready(folder)
    run.terminate()
    code, lines = ended(run)
    assert code == 0
    assert sorted(line.split()[0] for line in lines if line.endswith("it serves")) == SERVICES


def test_all_output_is_in_files_and_the_terminal_shows_what_is_no_routine(local: Start, folder: Path) -> None:
    run = local("run", *NEITHER)
    ready(folder)
    run.terminate()
    _, lines = ended(run)
    assert [line.split()[0] for line in lines if "owned" in line or "slow" in line] == sorted(
        SERVICES, key=[line.split()[0] for line in lines if "slow" in line].index
    )
    assert "gateway    warning: link.slow seconds=3" in lines
    logs = folder / "logs"
    assert logs.stat().st_mode & 0o777 == 0o700
    for name in SERVICES:
        log = logs / f"{name}.log"
        assert log.stat().st_mode & 0o777 == 0o600
        written = log.read_text().splitlines()
        assert written[0] == "it serves"
        assert written[1] == '{"event": "partitions.owned", "level": "info"}'
        assert written[-1] == "told to stop"


def test_a_switch_shows_every_log_line_on_the_terminal(local: Start, folder: Path) -> None:
    run = local("run", *NEITHER, LOGS="1")
    ready(folder)
    run.terminate()
    _, lines = ended(run)
    assert 'gateway    {"event": "partitions.owned", "level": "info"}' in lines
    assert any(line.startswith("parley     gateway is ready after") for line in lines)
    assert (folder / "logs" / "gateway.log").exists()


def test_the_last_lines_of_a_start_say_what_to_open_and_how_to_stop(
    local: Start, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "index.html").touch()
    run = local("run", *NEITHER, WEB_ROOT=str(tmp_path))
    url = ready(folder).gateways[0]
    shown: list[str] = []
    assert run.stdout
    while not shown or "Ctrl-C" not in shown[-1]:
        shown.append(run.stdout.readline().rstrip())
    steps = [line for line in shown if re.match(r"[1-4]/4 ", line)]
    assert steps[-1] == "4/4 Services: starting"
    assert shown[-3:] == [
        "",
        f"Parley is running: open {url}/?user=ann and {url}/?user=bob",
        "Press Ctrl-C to stop it; your data is kept.",
    ]


def test_a_dead_process_is_started_again_and_a_line_says_why(local: Start, folder: Path) -> None:
    run = local("run", *NEITHER)
    stack = ready(folder)
    stack.process("notifier").signal(signal.SIGKILL)
    started_again(stack, "notifier")
    run.terminate()
    _, lines = ended(run)
    assert any(line.endswith("notifier died: killed by SIGKILL; starting it again") for line in lines)


def test_three_deaths_within_thirty_seconds_stop_everything_with_the_reason(
    local: Start, folder: Path
) -> None:
    run = local("run", *NEITHER)
    stack = ready(folder)
    for _ in range(2):
        stack.process("store").signal(signal.SIGKILL)
        started_again(stack, "store")
        stack = stack.again()
    stack.process("store").signal(signal.SIGKILL)
    code, lines = ended(run)
    assert code == 1
    assert lines[-1] == "parley: store died 3 times within 30 s: killed by SIGKILL"
    assert not any(process.alive for process in stack.processes)
    assert (stack.again().ready, stack.again().processes) == (False, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_the_reverse_order(
    local: Start, folder: Path, number: signal.Signals
) -> None:
    run = local("run", *NEITHER)
    stack = ready(folder)
    run.send_signal(number)
    code, lines = ended(run)
    assert code == 0
    told = [line.split()[0] for line in lines if line.endswith("told to stop")]
    assert told == ["gateway", "notifier", "projector", "store"]
    assert not any(process.alive for process in stack.processes)


def test_a_killed_supervisor_leaves_no_process(local: Start, folder: Path) -> None:
    run = local("run", *NEITHER)
    stack = ready(folder)
    run.kill()
    eventually(lambda: not any(process.alive for process in stack.processes), "all are gone")
    assert ended(local("down")) == (0, [f"nothing runs in {folder}"])
    assert (stack.again().ready, stack.again().processes) == (False, [])


def test_the_next_run_ends_what_a_killed_one_left_and_nobody_elses(local: Start, folder: Path) -> None:
    ours, theirs = (subprocess.Popen(["sleep", "60"]) for _ in range(2))
    left = handle.running("store", ours.pid)
    taken = Running(name="gateway", pid=theirs.pid, started="an earlier process that had this pid")
    gone = Running(name="supervisor", pid=os.getpid(), started="gone")
    Stack(folder=folder, supervisor=gone, processes=[left, taken]).write()
    local("run", *NEITHER)
    ready(folder)
    assert ours.wait(10) == -signal.SIGTERM
    assert theirs.poll() is None
    theirs.kill()
    theirs.wait()


def test_a_process_that_is_held_stays_away(local: Start, folder: Path) -> None:
    local("run", *NEITHER)
    stack = ready(folder)
    with away(stack, "store"), pytest.raises(AssertionError):
        eventually(lambda: stack.again().process("store").alive, "it came back", seconds=1)
    started_again(stack, "store")


def test_a_stack_stops_although_one_of_its_processes_is_held(local: Start, folder: Path) -> None:
    run = local("run", *NEITHER)
    stack = ready(folder)
    with away(stack, "store"):
        run.send_signal(signal.SIGTERM)
        code, _ = ended(run)
    assert code == 0


def test_a_taken_port_is_an_error_in_one_line(local: Start, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, lines = ended(local("run", *NEITHER, PORT=port))
    assert (code, lines) == (1, [f"parley: PORT={port} cannot be used: something else listens there"])


def test_a_missing_program_is_an_error_that_says_how_to_install_it(local: Start, tmp_path: Path) -> None:
    (tmp_path / "setpriv").symlink_to(str(shutil.which("setpriv")))
    code, lines = ended(local("run", "--no-services", NEITHER[1], PATH=str(tmp_path)))
    assert code == 1
    assert re.fullmatch(
        f"parley: java (is|and mvn are) missing; install: {re.escape(programs.install_command(['java']))}",
        lines[-1],
    )


def test_without_node_a_line_says_so_and_all_else_runs(local: Start, folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.13.0\n")
    old.chmod(0o755)
    run = local("run", *NEITHER, WEB_ROOT=None, PATH=f"{tmp_path}:{os.environ['PATH']}")
    ready(folder)
    run.terminate()
    code, lines = ended(run)
    assert code == 0
    (told,) = (line for line in lines if "Node.js" in line)
    assert told.startswith("3/4 Web client: not built: Node.js 20.19 or later")
    assert "(this is v18.13.0); install: " in told


def test_a_given_port_is_used_exactly_and_the_others_are_kept(local: Start, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    run = local("run", *NEITHER, PORT=port)
    first = ready(folder)
    assert first.gateways == [f"http://127.0.0.1:{port}"]
    run.terminate()
    ended(run)
    local("run", *NEITHER, PORT=port)
    assert ready(folder).ports == first.ports


def test_several_of_a_service_each_have_their_port(local: Start, folder: Path) -> None:
    local("run", *NEITHER, GATEWAY_COUNT="2", NOTIFIER_COUNT="2", PROJECTOR_COUNT="3")
    stack = ready(folder)
    assert [len(stack.gateways), len(stack.notifiers), len(stack.projectors)] == [2, 2, 3]
    assert len({*stack.gateways, *stack.notifiers, *stack.projectors, stack.store}) == 8


def test_up_returns_when_ready_and_down_when_all_is_gone(local: Start, folder: Path) -> None:
    code, lines = ended(local("up", *NEITHER))
    stack = ready(folder)
    closing = [
        "",
        f"Parley is running, without the web client: open {stack.gateways[0]}/docs",
        f"Stop it with: DATA_DIR={folder} make down (your data is kept)",
    ]
    assert (code, lines[-3:]) == (0, closing)
    assert "4/4 Services: starting" in lines
    assert not any("Ctrl-C" in line for line in lines)
    code, lines = ended(local("up", *NEITHER))
    assert (code, lines) == (0, closing)
    code, lines = ended(local("run", *NEITHER))
    assert code == 1
    assert lines[0].startswith(
        f"parley: a stack runs already in {folder} as process {stack.supervisor.pid}: Parley is running"
    )
    assert ended(local("down")) == (0, [f"stopped what ran in {folder}"])
    assert not any(process.alive for process in (*stack.processes, stack.supervisor))
    assert not stack.again().ready
    assert ended(local("down")) == (0, [f"nothing runs in {folder}"])


def test_two_at_once_make_one_stack(local: Start, folder: Path) -> None:
    commands = [local("up", *NEITHER) for _ in range(2)]
    told = [ended(command) for command in commands]
    assert [code for code, _ in told] == [0, 0], told


def test_up_that_fails_says_why_in_one_line(local: Start, folder: Path) -> None:
    code, lines = ended(local("up", *NEITHER, BROKEN="yes"))
    assert code == 1
    told = [line for line in lines if "it is broken" in line and not line.endswith("starting it again")]
    assert len(told) == 1
    name = told[0].split()[1]
    log = folder / "logs" / f"{name}.log"
    assert told[0].endswith(f" died 3 times within 30 s: exit code 1: it is broken (more in {log})")


@pytest.mark.parametrize("command", ["run", "up"])
@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("GATEWAY_COUNT", "x", "GATEWAY_COUNT must be a number from 1 on, not 'x'"),
        ("PARTITIONS", "0", "PARTITIONS must be a number from 1 on, not '0'"),
        ("STORE_PORT", "80a", "STORE_PORT must be a port from 1 to 65535, not '80a'"),
        ("LOGS", "yes", "LOGS must be 0 or 1, not 'yes'"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_bad_variable_is_one_line_that_names_it_before_anything_is_started(
    local: Start, folder: Path, command: str, variable: str, value: str, reason: str
) -> None:
    code, lines = ended(local(command, **{variable: value}))
    assert code != 0
    assert len(lines) == 1
    assert reason in lines[0]
    assert not (folder / "kafka").exists()


@pytest.fixture
def taken_8000() -> Iterator[None]:
    """Somebody listens at the default port: we, unless others do already."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(socket.create_server(("127.0.0.1", 8000)))
        yield


@pytest.mark.usefixtures("taken_8000")
def test_who_finds_the_default_port_taken_is_told_where_the_gateway_is(local: Start, folder: Path) -> None:
    run = local("run", *NEITHER, PORT="")
    port = ready(folder).gateways[0].rpartition(":")[2]
    run.terminate()
    _, lines = ended(run)
    note = f"8000 is taken: the gateway answers at {port}; set PORT to choose"
    assert any(line.endswith(note) for line in lines)


def test_secrets_are_for_the_owners_eyes(local: Start, folder: Path) -> None:
    (folder / "parley.log").touch(mode=0o644)
    _, lines = ended(local("up", NEITHER[0], "--database=postgresql://parley:secret@127.0.0.1:1/none"))
    assert "PostgreSQL     127.0.0.1:1/none (make psql opens a shell)" in lines
    assert "secret" not in (folder / "parley.log").read_text()
    assert {(folder / name).stat().st_mode & 0o777 for name in ("parley.log", "stack.json")} == {0o600}


def test_psql_gets_the_database_and_nobody_sees_the_password(
    local: Start, folder: Path, tmp_path: Path
) -> None:
    ended(local("up", NEITHER[0], "--database=postgresql://parley:se%2Fcret@127.0.0.1:1/none"))
    psql = tmp_path / "psql"
    psql.write_text('#!/bin/sh\necho "$# $PGUSER $PGPASSWORD $PGHOST $PGPORT $PGDATABASE"\n')
    psql.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert ended(local("psql", PATH=path)) == (0, ["0 parley se/cret 127.0.0.1 1 none"])
    ended(local("down"))
    assert ended(local("psql", PATH=path)) == (1, [f"parley: nothing runs in {folder}; make up starts it"])


async def test_only_what_a_process_wrote_itself_is_quoted(folder: Path) -> None:
    log = folder / "console.log"
    log.write_text("of an earlier process\n")
    for script, said in (
        ("exit 3", "exit code 3"),
        ("echo why; exit 3", f"exit code 3: why (more in {log})"),
        ("kill -9 $$", "killed by SIGKILL"),
    ):
        async with Supervisor(Surroundings(Console(), Ports({}, {}), folder), lambda _: None) as supervisor:
            with pytest.raises(Failure) as failed:
                await supervisor.once(Process("job", ["sh", "-c", script], log=log))
        assert str(failed.value) == f"job failed: {said}"


async def test_a_cancelled_command_takes_with_it_what_it_started(folder: Path) -> None:
    started = folder / "started"
    script = f"sleep 60 & echo $! >{started}.new && mv {started}.new {started}; wait"
    async with Supervisor(Surroundings(Console(), Ports({}, {}), folder), lambda _: None) as supervisor:
        command = asyncio.create_task(supervisor.once(Process("job", ["sh", "-c", script])))
        async with asyncio.timeout(10):
            while not started.exists():
                await asyncio.sleep(0.02)
        sleeping = handle.running("sleep", int(started.read_text()))
        assert sleeping.alive
        command.cancel()
        await asyncio.wait([command])
    assert await asyncio.to_thread(sleeping.wait, 5)


async def test_a_childs_colours_and_empty_lines_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"\x1b[0m\n\n\x1b[1;31mred\x1b[0m\nend")
    stream.feed_eof()
    assert await Console().relay("maven", stream) == ["red", "end"]
    assert capsys.readouterr().out.splitlines() == ["maven      red", "maven      end"]


async def test_a_process_that_does_not_end_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "GRACE", 0.2)
    seen: list[Running] = []
    around = Surroundings(Console(), Ports({}, {}), folder)
    async with Supervisor(around, seen.extend) as supervisor:
        await supervisor.start(Process("stubborn", ["sh", "-c", "trap '' TERM INT; sleep 60 & wait; wait"]))
    assert not seen[0].alive
