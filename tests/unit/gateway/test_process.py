"""`python -m gateway` by itself: its settings, and its life without anything behind it."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest

from gateway.settings import Settings
from tests.fixtures.service_token import SERVICE_TOKEN

COMMAND = [sys.executable, "-m", "gateway"]
NOWHERE = "127.0.0.1:1"
GOOD = {
    "STORE_URL": f"http://{NOWHERE}",
    "NOTIFIERS": NOWHERE,
    "KAFKA_BOOTSTRAP": NOWHERE,
    "AUTH": "dev",
    "SERVICE_TOKEN": SERVICE_TOKEN,
}


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **GOOD, **changes}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"ENV": "production"}, "AUTH=dev"),
        ({"NOTIFIERS": ""}, "NOTIFIERS"),
        ({"WEB_ROOT": "/nowhere"}, "WEB_ROOT"),
        ({"PUBLIC_URL": "chat.example"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "ftp://chat.example"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "https://chat.example/parley"}, "PUBLIC_URL"),
        ({"ALLOWED_HOSTS": "https://chat.example"}, "ALLOWED_HOSTS"),
        ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "TRUSTED_PROXIES: "),
        ({"TRUSTED_PROXIES": "none, 10.0.0.1"}, "`none` stands alone"),
        ({"FORWARDED_HEADER": "x-real-ip"}, "FORWARDED_HEADER: "),
        ({"ROOT_PATH": "/messages"}, "ROOT_PATH: "),
        ({"ALLOWED_ORIGINS": "chat.example"}, "ALLOWED_ORIGINS"),
        ({"MAX_CONNECTIONS": "many"}, "MAX_CONNECTIONS"),
        (
            {"MAX_CONNECTIONS": "1000", "MAX_SOCKETS": "1000"},
            "MAX_SOCKETS must be below MAX_CONNECTIONS (1000)",
        ),
        ({"SERVICE_TOKEN": ""}, "SERVICE_TOKEN: "),
        (
            {"SERVICE_TOKEN": "", "SERVICE_TOKEN_FILE": "/nowhere"},
            "SERVICE_TOKEN_FILE: /nowhere cannot be read",
        ),
        ({"SERVICE_TOKEN_FILE": "/nowhere"}, "SERVICE_TOKEN and SERVICE_TOKEN_FILE are both set"),
        ({"HOST": "0.0.0.0"}, "HOST=0.0.0.0 needs ALLOW_INSECURE_AUTH=true"),
        ({"ADMIN_HOST": "0.0.0.0"}, "ADMIN_HOST=0.0.0.0 needs ALLOW_INSECURE_AUTH=true"),
        ({"JWT_MAX_AGE": "inf"}, "JWT_MAX_AGE: "),
    ],
)
def test_bad_settings_end_it_with_one_line_and_status_2(wrong: dict[str, str], named: str) -> None:
    done = subprocess.run(
        COMMAND, env=environment(wrong), capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert named in done.stderr
    assert "default factory" not in done.stderr, "it names a setting that is not wrong"


@pytest.mark.parametrize("host", ["127.0.0.2", "::1", "localhost", "LOCALHOST"])
def test_callers_may_be_anybody_on_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    assert Settings(host=host).host == host
    assert Settings(host="0.0.0.0", allow_insecure_auth=True).host == "0.0.0.0"


def test_sockets_and_connections_keep_files_for_what_stands_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    default, small = Settings(), Settings(max_connections=1_000)
    assert default.max_connections == max(files - 512, files // 2)
    assert default.max_sockets < default.max_connections
    assert (small.max_connections, small.max_sockets) == (1_000, 900)


def test_with_nothing_behind_it_it_lives_is_not_ready_and_stops_on_sigterm() -> None:
    with running() as (process, http):
        assert http.get("/healthz").status_code == 200
        assert http.get("/readyz").status_code == 503
        body = {"conversationId": "00000000-0000-4000-8000-000000000000", "text": "hello"}
        answers = [
            http.post("/messages?meId=ana", json=body),
            http.post("/messages/start?meId=ana", json={"peerId": "ben"}),
            http.get("/messages/conversations?meId=ana"),
        ]
        assert [answer.status_code for answer in answers] == [503] * 3
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=8)
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in output
    assert "/readyz" not in output


@contextmanager
def running() -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    port = _free_port()
    process = subprocess.Popen(
        COMMAND,
        env=environment({"PORT": str(port)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=8) as http:
            _wait_for(http)
            yield process, http
    finally:
        process.kill()
        process.communicate()


def _wait_for(http: httpx.Client) -> None:
    for _ in range(200):
        try:
            http.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the gateway did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
