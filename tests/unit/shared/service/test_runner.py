"""A service from its settings to its end, with both ports."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from shared.http.health import Health, health_routes
from shared.runtime.critical_tasks import CriticalTasks
from shared.runtime.settings import ProcessSettings
from shared.service.runner import Components, Service, serve
from tests.fixtures.notifier_processes import free_port

DRAIN_SECONDS = 3.0
"""Less than processes take, so that requests without an answer end soon."""
Serving = Callable[[httpx.AsyncClient, httpx.AsyncClient], Awaitable[None]]


class Recorder:
    """Components that record what happens to them, and fail when they should."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.fail = asyncio.Event()
        self.ports: list[int] = []
        """Tried while the components end."""
        self.waiting = 0
        """Requests that get no answer before they are cancelled."""

    @asynccontextmanager
    async def components(
        self, settings: ProcessSettings, critical_tasks: CriticalTasks
    ) -> AsyncIterator[Service]:
        self.ports = [settings.port, settings.admin_port]
        health = Health(lambda: critical_tasks.failures, lambda: ["draining"] * ("drain" in self.events))
        app = FastAPI(openapi_url=None)
        app.include_router(health_routes(health))
        app.get("/wait")(self._wait)
        self.events.append("begin")
        async with critical_tasks.running(work=self._work()):
            yield Service(app, health, drain=self._drain)
        self.events.append(f"end, open: {[port for port in self.ports if _is_open(port)]}")

    async def _wait(self, seconds: float = 60.0) -> None:
        self.waiting += 1
        await asyncio.sleep(seconds)

    async def _work(self) -> None:
        await self.fail.wait()
        raise LookupError("a fault of ours")

    async def _drain(self) -> None:
        self.events.append("drain")
        for port in self.ports:
            async with httpx.AsyncClient() as http:
                answer = await http.get(f"http://127.0.0.1:{port}/readyz")
                self.events.append(f"{answer.status_code} {answer.json()['reasons']}")


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _settings(**settings: int) -> ProcessSettings:
    given = {"port": free_port(), "admin_port": free_port(), **settings}
    return ProcessSettings.model_validate(given).model_copy(update={"drain_seconds": DRAIN_SECONDS})


async def _serve(settings: ProcessSettings, components: Components[ProcessSettings], use: Serving) -> None:
    """Serve until `use` or a failure has ended it; raises what `use` raises."""

    async def run() -> None:
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}") as public,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.admin_port}") as admin,
        ):
            while not (_is_open(settings.port) and _is_open(settings.admin_port)):
                await asyncio.sleep(0.01)
            await use(public, admin)

    async with asyncio.timeout(20):
        using = asyncio.create_task(run())
        try:
            await serve(settings, components)
        finally:
            await using


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_closes_both_ports_and_then_ends_the_components(number: signal.Signals) -> None:
    recorder = Recorder()

    async def use(public: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
        assert (await public.get("/readyz")).status_code == 200
        assert (await admin.get("/readyz")).status_code == 200
        assert (await public.get("/metrics")).status_code == 404
        assert (await admin.get("/metrics")).status_code == 200
        os.kill(os.getpid(), number)

    await _serve(_settings(), recorder.components, use)
    assert recorder.events == [
        "begin",
        "drain",
        "503 ['draining']",
        "503 ['draining']",
        "end, open: []",
    ]


async def test_a_failed_critical_task_fails_healthz_and_ends_the_process_in_order_with_status_1() -> None:
    recorder, reasons = Recorder(), []

    async def drain() -> None:
        async with httpx.AsyncClient() as http:
            for port in recorder.ports:
                reasons.append((await http.get(f"http://127.0.0.1:{port}/healthz")).json()["reasons"])

    recorder._drain = drain  # type: ignore[method-assign]

    async def use(_: httpx.AsyncClient, __: httpx.AsyncClient) -> None:
        recorder.fail.set()

    with capture_logs() as logs, pytest.raises(SystemExit) as ended:
        await _serve(_settings(), recorder.components, use)
    assert ended.value.code == 1
    assert [line["event"] for line in logs if line["log_level"] == "critical"] == ["task.failed"]
    assert reasons == [["work failed"]] * 2
    assert recorder.events == ["begin", "end, open: []"]


@pytest.mark.parametrize("setting", ["PORT", "ADMIN_PORT"])
async def test_a_port_in_use_ends_the_process_with_one_line_before_anything_is_started(setting: str) -> None:
    recorder, settings = Recorder(), _settings()
    port = settings.port if setting == "PORT" else settings.admin_port
    with (
        socket.create_server(("127.0.0.1", port)),
        capture_logs() as logs,
        pytest.raises(SystemExit) as ended,
    ):
        await serve(settings, recorder.components)
    assert ended.value.code == 1
    assert recorder.events == []
    assert [(line["event"], line["hint"]) for line in logs] == [
        ("port.unusable", f"set {setting} to a free port")
    ]
    assert (logs[0]["address"], logs[0]["reason"]) == (f"127.0.0.1:{port}", "address already in use")
    for other in {settings.port, settings.admin_port} - {port}:
        assert not _is_open(other)


@pytest.mark.parametrize(
    "request_head", [b"", b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["idle", "busy"]
)
async def test_probes_answer_while_the_public_port_is_full(request_head: bytes) -> None:
    """With more connections than MAX_CONNECTIONS. Busy ones are not closed for another: a probe gets 503."""
    recorder, settings = Recorder(), _settings(max_connections=16)

    async def use(public: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
        writers = [await _send(settings.port, request_head) for _ in range(24)]
        try:
            if request_head:
                while recorder.waiting < 16:
                    await asyncio.sleep(0.01)
                assert (await public.get("/readyz")).status_code == 503
            for path in ("/healthz", "/readyz", "/metrics"):
                assert (await admin.get(path)).status_code == 200
            text = (await admin.get("/metrics")).text
            (line,) = [line for line in text.splitlines() if line.startswith("server_connections ")]
            assert 0 < float(line.split()[1]) <= 24, "the admin port's connections are not among them"
        finally:
            for writer in writers:
                writer.close()
        os.kill(os.getpid(), signal.SIGTERM)

    await _serve(settings, recorder.components, use)


async def _send(port: int, data: bytes) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return writer


@pytest.mark.parametrize(
    ("env", "line"),
    [
        (
            {"PORT": "8123", "ADMIN_PORT": "8123"},
            "bad settings: ADMIN_PORT must be another port than PORT (8123)\n",
        ),
        (
            {"ADMIN_PORT": "65536"},
            "bad settings: ADMIN_PORT: Input should be less than or equal to 65535\n",
        ),
    ],
)
async def test_bad_ports_are_one_line(env: dict[str, str], line: str) -> None:
    code = "from shared.runtime.settings import *; load_settings(ProcessSettings)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code), env={**os.environ, **env}, stderr=asyncio.subprocess.PIPE
    )
    _, error = await process.communicate()
    assert (process.returncode, error.decode()) == (2, line)


async def test_a_request_in_progress_is_answered_within_what_the_drain_leaves() -> None:
    recorder = Recorder()

    async def use(public: httpx.AsyncClient, _: httpx.AsyncClient) -> None:
        waiting = asyncio.create_task(public.get("/wait", params={"seconds": 1.0}))
        while not recorder.waiting:
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        assert (await waiting).status_code == 200

    await _serve(_settings(), recorder.components, use)


_ENDLESS = """
import asyncio, os, signal
from contextlib import asynccontextmanager
from fastapi import FastAPI
from shared.http.health import Health
from shared.runtime.settings import ProcessSettings
from shared.service.runner import Service, exit_overdue, serve

@asynccontextmanager
async def components(settings, critical_tasks):
    yield Service(FastAPI(), Health(list, list))
    await asyncio.sleep(3600)

async def main():
    asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGTERM)
    settings = ProcessSettings().model_copy(update={"drain_seconds": 0.5})
    await serve(settings, components, on_overdue=exit_overdue)

asyncio.run(main())
"""


async def test_a_process_whose_components_do_not_end_exits_after_drain_seconds_with_one_line() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _ENDLESS, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(120):
        output, _ = await process.communicate()
    assert process.returncode == 1
    assert [line for line in output.decode().splitlines() if "drain.overdue" in line], output


@pytest.mark.parametrize("seconds", ["7", "0", "3601", "nan"])
async def test_a_drain_that_is_too_short_or_too_long_is_one_line(seconds: str) -> None:
    code = "from shared.runtime.settings import *; load_settings(ProcessSettings)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        env={**os.environ, "DRAIN_SECONDS": seconds},
        stderr=asyncio.subprocess.PIPE,
    )
    _, error = await process.communicate()
    assert process.returncode == 2
    assert error.decode().startswith("bad settings: DRAIN_SECONDS: ")
    assert len(error.splitlines()) == 1
