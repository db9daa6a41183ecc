"""The local stack: real processes, killed and stopped, with fake services."""

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
from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from deploy.local.stack import state
from deploy.local.stack.state import Stack
from deploy.local.supervisor import handle
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.handle import ProcessHandle
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.process import Process
from deploy.local.supervisor.runner import StackContext
from deploy.local.supervisor.supervisor import Supervisor
from tests.fixtures.platform import away, eventually

FAKE_SERVICE = """
import base64, hashlib, http.server, os, signal, sys, threading

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path.partition("?")[0] == "/ws":
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
    print("stopping")
    sys.exit()

if "migrate" in sys.argv or "topics" in sys.argv[0]:
    sys.exit()
signal.signal(signal.SIGTERM, stop)
if os.environ.get("BROKEN"):
    sys.exit("it is broken")
print("it serves")
print('{"event": "partitions.owned", "level": "info"}')
print('{"event": "link.slow", "level": "warning", "seconds": 3, "service": "any"}')
port, admin_port = (
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ[name])), Handler)
    for name in ("PORT", "ADMIN_PORT")
)
threading.Thread(target=admin_port.serve_forever, daemon=True).start()
port.serve_forever()
"""
FAKED = ("shared.log.topics", "gateway.__main__", "notifier.__main__", "message_store.__main__")
"""The replaced modules; all others are real."""
NO_DEPENDENCIES = ("--kafka=127.0.0.1:1", "--database=postgresql://127.0.0.1:1/none")
"""Neither Kafka nor PostgreSQL: they would take seconds, and the fake services need none."""
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
    """Starts commands; those still running at the end are stopped."""
    for module in FAKED:
        file = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True)
        file.write_text(FAKE_SERVICE)
        for package_folder in file.parents[: module.count(".")]:
            package = ".".join(package_folder.relative_to(tmp_path).parts)
            real = Path(str(importlib.import_module(package).__file__)).parent
            (package_folder / "__init__.py").write_text(f"__path__.append({str(real)!r})")
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **env: str | None) -> subprocess.Popen[str]:
        environment = {"PYTHONPATH": str(tmp_path), "DATA_DIR": str(folder), "PORT": "0", "WEB_ROOT": ""}
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", *arguments],
            cwd=ROOT,
            env={
                name: value
                for name, value in {**os.environ, **environment, **env}.items()
                if value is not None
            },
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
    stack = state.load_running(folder)
    handle.terminate([stack.supervisor] if stack else [], 30)


def ready(folder: Path) -> Stack:
    """Wait until the stack is ready; return it."""

    def probe() -> Stack | None:
        stack = state.load_running(folder)
        return stack if stack and stack.ready else None

    return eventually(probe, "the stack is ready", seconds=60)


def restarted(stack: Stack, name: str) -> ProcessHandle:
    """Wait for the process that replaced the one of `stack`; return it."""
    before = stack.process(name)

    def probe() -> ProcessHandle | None:
        now = stack.reload().process(name)
        return now if now != before and now.is_running else None

    return eventually(probe, f"{name} is restarted")


def finish(command: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Wait for the command; return its exit code and its lines."""
    output, _ = command.communicate(timeout=30)
    return command.returncode, output.splitlines()


def test_every_line_begins_with_the_name_of_its_process(local: Start, folder: Path) -> None:
    run = local("run", *NO_DEPENDENCIES)
    ready(folder)
    run.terminate()
    code, lines = finish(run)
    assert code == 0
    assert sorted(line.split()[0] for line in lines if line.endswith("it serves")) == SERVICES


def test_all_output_is_in_files_and_the_terminal_omits_routine_lines(local: Start, folder: Path) -> None:
    run = local("run", *NO_DEPENDENCIES)
    ready(folder)
    run.terminate()
    _, lines = finish(run)
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
        assert written[-1] == "stopping"


def test_logs_1_shows_every_log_line_on_the_terminal(local: Start, folder: Path) -> None:
    run = local("run", *NO_DEPENDENCIES, LOGS="1")
    ready(folder)
    run.terminate()
    _, lines = finish(run)
    assert 'gateway    {"event": "partitions.owned", "level": "info"}' in lines
    assert any(line.startswith("parley     gateway is ready after") for line in lines)
    assert (folder / "logs" / "gateway.log").exists()


def test_the_last_lines_of_a_start_name_what_to_open_and_how_to_stop(
    local: Start, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "index.html").touch()
    run = local("run", *NO_DEPENDENCIES, WEB_ROOT=str(tmp_path))
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


def test_a_killed_process_is_restarted_and_a_line_gives_the_reason(local: Start, folder: Path) -> None:
    run = local("run", *NO_DEPENDENCIES)
    stack = ready(folder)
    stack.process("notifier").signal(signal.SIGKILL)
    restarted(stack, "notifier")
    run.terminate()
    _, lines = finish(run)
    assert any(line.endswith("notifier exited: killed by SIGKILL; restarting") for line in lines)


def test_three_exits_within_thirty_seconds_stop_everything_with_the_reason(
    local: Start, folder: Path
) -> None:
    run = local("run", *NO_DEPENDENCIES)
    stack = ready(folder)
    for _ in range(2):
        stack.process("store").signal(signal.SIGKILL)
        restarted(stack, "store")
        stack = stack.reload()
    stack.process("store").signal(signal.SIGKILL)
    code, lines = finish(run)
    assert code == 1
    assert lines[-1] == "parley: store exited 3 times within 30 s: killed by SIGKILL"
    assert not any(process.is_running for process in stack.processes)
    assert (stack.reload().ready, stack.reload().processes) == (False, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_the_reverse_order(
    local: Start, folder: Path, number: signal.Signals
) -> None:
    run = local("run", *NO_DEPENDENCIES)
    stack = ready(folder)
    run.send_signal(number)
    code, lines = finish(run)
    assert code == 0
    stopped = [line.split()[0] for line in lines if line.endswith("stopping")]
    assert stopped == ["gateway", "notifier", "projector", "store"]
    assert not any(process.is_running for process in stack.processes)


def test_a_killed_supervisor_leaves_no_process(local: Start, folder: Path) -> None:
    run = local("run", *NO_DEPENDENCIES)
    stack = ready(folder)
    run.kill()
    eventually(lambda: not any(process.is_running for process in stack.processes), "all have exited")
    assert finish(local("down")) == (0, [f"nothing is running in {folder}"])
    assert (stack.reload().ready, stack.reload().processes) == (False, [])


def test_the_next_run_stops_what_a_killed_one_left_and_no_other_process(local: Start, folder: Path) -> None:
    leftover, unrelated = (subprocess.Popen(["sleep", "60"]) for _ in range(2))
    ours = ProcessHandle.of_pid("store", leftover.pid)
    reused = ProcessHandle(name="gateway", pid=unrelated.pid, started="an earlier process that had this pid")
    gone = ProcessHandle(name="supervisor", pid=os.getpid(), started="gone")
    Stack(folder=folder, supervisor=gone, processes=[ours, reused]).write()
    local("run", *NO_DEPENDENCIES)
    ready(folder)
    assert leftover.wait(10) == -signal.SIGTERM
    assert unrelated.poll() is None
    unrelated.kill()
    unrelated.wait()


def test_a_suspended_process_is_not_restarted(local: Start, folder: Path) -> None:
    local("run", *NO_DEPENDENCIES)
    stack = ready(folder)
    with away(stack, "store"), pytest.raises(AssertionError):
        eventually(lambda: stack.reload().process("store").is_running, "it came back", seconds=1)
    restarted(stack, "store")


def test_a_stack_stops_although_one_of_its_processes_is_suspended(local: Start, folder: Path) -> None:
    run = local("run", *NO_DEPENDENCIES)
    stack = ready(folder)
    with away(stack, "store"):
        run.send_signal(signal.SIGTERM)
        code, _ = finish(run)
    assert code == 0


def test_a_configured_port_in_use_is_an_error_in_one_line(local: Start, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, lines = finish(local("run", *NO_DEPENDENCIES, PORT=port))
    assert (code, lines) == (1, [f"parley: PORT={port}: address already in use"])


def test_a_missing_program_is_an_error_with_the_command_that_installs_it(
    local: Start, tmp_path: Path
) -> None:
    (tmp_path / "setpriv").symlink_to(str(shutil.which("setpriv")))
    code, lines = finish(local("run", "--no-services", NO_DEPENDENCIES[1], PATH=str(tmp_path)))
    assert code == 1
    assert re.fullmatch(
        f"parley: java (is|and mvn are) missing; install: {re.escape(programs.install_command(['java']))}",
        lines[-1],
    )


def test_without_node_a_line_names_it_and_all_else_runs(local: Start, folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.13.0\n")
    old.chmod(0o755)
    run = local("run", *NO_DEPENDENCIES, WEB_ROOT=None, PATH=f"{tmp_path}:{os.environ['PATH']}")
    ready(folder)
    run.terminate()
    code, lines = finish(run)
    assert code == 0
    (message,) = (line for line in lines if "Node.js" in line)
    assert message.startswith("3/4 Web client: not built: Node.js 20.19 or later")
    assert "(this is v18.13.0); install: " in message


def test_a_configured_port_is_used_exactly_and_the_others_are_reused(local: Start, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    run = local("run", *NO_DEPENDENCIES, PORT=port)
    first = ready(folder)
    assert first.gateways == [f"http://127.0.0.1:{port}"]
    run.terminate()
    finish(run)
    local("run", *NO_DEPENDENCIES, PORT=port)
    assert ready(folder).ports == first.ports


def test_each_instance_of_a_service_has_its_own_port(local: Start, folder: Path) -> None:
    local("run", *NO_DEPENDENCIES, GATEWAY_COUNT="2", NOTIFIER_COUNT="2", PROJECTOR_COUNT="3")
    stack = ready(folder)
    assert [len(stack.gateways), len(stack.notifiers), len(stack.projectors)] == [2, 2, 3]
    assert len({*stack.gateways, *stack.notifiers, *stack.projectors, stack.store}) == 8


def test_up_returns_when_ready_and_down_when_all_have_exited(local: Start, folder: Path) -> None:
    code, lines = finish(local("up", *NO_DEPENDENCIES))
    stack = ready(folder)
    closing = [
        "",
        f"Parley is running, without the web client: open {stack.gateways[0]}/docs",
        f"Stop it with: DATA_DIR={folder} make down (your data is kept)",
    ]
    assert (code, lines[-3:]) == (0, closing)
    assert "4/4 Services: starting" in lines
    assert not any("Ctrl-C" in line for line in lines)
    code, lines = finish(local("up", *NO_DEPENDENCIES))
    assert (code, lines) == (0, closing)
    code, lines = finish(local("run", *NO_DEPENDENCIES))
    assert code == 1
    assert lines[0].startswith(
        f"parley: a stack is running in {folder} as process {stack.supervisor.pid}: Parley is running"
    )
    assert finish(local("down")) == (0, [f"stopped the stack in {folder}"])
    assert not any(process.is_running for process in (*stack.processes, stack.supervisor))
    assert not stack.reload().ready
    assert finish(local("down")) == (0, [f"nothing is running in {folder}"])


def test_two_concurrent_ups_start_one_stack(local: Start, folder: Path) -> None:
    commands = [local("up", *NO_DEPENDENCIES) for _ in range(2)]
    results = [finish(command) for command in commands]
    assert [code for code, _ in results] == [0, 0], results


def test_a_failing_up_gives_the_reason_in_one_line(local: Start, folder: Path) -> None:
    code, lines = finish(local("up", *NO_DEPENDENCIES, BROKEN="yes"))
    assert code == 1
    errors = [line for line in lines if "it is broken" in line and not line.endswith("restarting")]
    assert len(errors) == 1
    name = errors[0].split()[1]
    log = folder / "logs" / f"{name}.log"
    assert errors[0].endswith(f" exited 3 times within 30 s: exit code 1: it is broken (more in {log})")


@pytest.mark.parametrize("command", ["run", "up"])
@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("GATEWAY_COUNT", "x", "GATEWAY_COUNT must be a positive number, not 'x'"),
        ("PARTITIONS", "0", "PARTITIONS must be a positive number, not '0'"),
        ("STORE_PORT", "80a", "STORE_PORT must be a port from 1 to 65535, not '80a'"),
        ("LOGS", "yes", "LOGS must be 0 or 1, not 'yes'"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_bad_variable_is_one_line_that_names_it_before_anything_is_started(
    local: Start, folder: Path, command: str, variable: str, value: str, reason: str
) -> None:
    code, lines = finish(local(command, **{variable: value}))
    assert code != 0
    assert len(lines) == 1
    assert reason in lines[0]
    assert not (folder / "kafka").exists()


@pytest.fixture
def port_8000_in_use() -> Iterator[None]:
    """The default port is in use, by this test or another program."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(socket.create_server(("127.0.0.1", 8000)))
        yield


@pytest.mark.usefixtures("port_8000_in_use")
def test_a_note_names_the_gateways_port_if_the_default_is_in_use(local: Start, folder: Path) -> None:
    run = local("run", *NO_DEPENDENCIES, PORT="")
    port = ready(folder).gateways[0].rpartition(":")[2]
    run.terminate()
    _, lines = finish(run)
    note = f"8000 is in use: the gateway is at {port}; set PORT to choose one"
    assert any(line.endswith(note) for line in lines)


def test_files_with_secrets_are_readable_by_their_owner_only(local: Start, folder: Path) -> None:
    (folder / "parley.log").touch(mode=0o644)
    _, lines = finish(
        local("up", NO_DEPENDENCIES[0], "--database=postgresql://parley:secret@127.0.0.1:1/none")
    )
    assert "PostgreSQL     127.0.0.1:1/none (make psql opens a shell)" in lines
    assert "secret" not in (folder / "parley.log").read_text()
    assert {(folder / name).stat().st_mode & 0o777 for name in ("parley.log", "stack.json")} == {0o600}


def test_psql_gets_the_database_and_the_password_is_not_on_its_command_line(
    local: Start, folder: Path, tmp_path: Path
) -> None:
    finish(local("up", NO_DEPENDENCIES[0], "--database=postgresql://parley:se%2Fcret@127.0.0.1:1/none"))
    psql = tmp_path / "psql"
    psql.write_text('#!/bin/sh\necho "$# $PGUSER $PGPASSWORD $PGHOST $PGPORT $PGDATABASE"\n')
    psql.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert finish(local("psql", PATH=path)) == (0, ["0 parley se/cret 127.0.0.1 1 none"])
    finish(local("down"))
    assert finish(local("psql", PATH=path)) == (
        1,
        [f"parley: nothing is running in {folder}; start it with: make up"],
    )


async def test_only_the_output_of_the_process_itself_is_quoted(folder: Path) -> None:
    log = folder / "console.log"
    log.write_text("of an earlier process\n")
    for script, reason in (
        ("exit 3", "exit code 3"),
        ("echo why; exit 3", f"exit code 3: why (more in {log})"),
        ("kill -9 $$", "killed by SIGKILL"),
    ):
        async with Supervisor(StackContext(Console(), Ports({}, {}), folder), lambda _: None) as supervisor:
            with pytest.raises(UserError) as error:
                await supervisor.run_to_completion(Process("job", ["sh", "-c", script], log=log))
        assert str(error.value) == f"job failed: {reason}"


async def test_cancelling_a_command_kills_its_children(folder: Path) -> None:
    started = folder / "started"
    script = f"sleep 60 & echo $! >{started}.new && mv {started}.new {started}; wait"
    async with Supervisor(StackContext(Console(), Ports({}, {}), folder), lambda _: None) as supervisor:
        command = asyncio.create_task(supervisor.run_to_completion(Process("job", ["sh", "-c", script])))
        async with asyncio.timeout(10):
            while not started.exists():
                await asyncio.sleep(0.02)
        sleeping = ProcessHandle.of_pid("sleep", int(started.read_text()))
        assert sleeping.is_running
        command.cancel()
        await asyncio.wait([command])
    assert await asyncio.to_thread(sleeping.wait, 5)


async def test_a_childs_colours_and_empty_lines_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"\x1b[0m\n\n\x1b[1;31mred\x1b[0m\nend")
    stream.feed_eof()
    assert await Console().relay("maven", stream) == ["red", "end"]
    assert capsys.readouterr().out.splitlines() == ["maven      red", "maven      end"]


async def test_a_process_that_does_not_stop_is_killed(folder: Path) -> None:
    seen: list[ProcessHandle] = []
    context = StackContext(Console(), Ports({}, {}), folder)
    async with Supervisor(context, seen.extend) as supervisor:
        command = ["sh", "-c", "trap '' TERM INT; sleep 60 & wait; wait"]
        await supervisor.start(Process("stubborn", command, stop_timeout=0.2))
    assert not seen[0].is_running
