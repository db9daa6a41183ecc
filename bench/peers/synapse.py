"""Synapse, one process, on PostgreSQL. Its rate limits are lifted; its own logs hold warnings only."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg

from bench.peers import install
from bench.peers.private import answers, database, free_port, server
from bench.plan import Pair
from bench.target import postgres
from bench.wires import Wire
from deploy.local.stack.state import Stack

_PACKAGES = ("matrix-synapse", "psycopg2-binary")
_HOST = "bench"
_USERS = "insert into users (name, creation_ts, admin) select unnest(%s::text[]), 0, 0 on conflict do nothing"
_TOKENS = """
insert into access_tokens (id, user_id, device_id, token)
select coalesce((select max(id) from access_tokens), 0) + row_number() over (), u, 'bench', t
from unnest(%s::text[], %s::text[]) as given (u, t)
"""
_DEVICES = (
    "insert into devices (user_id, device_id) select unnest(%s::text[]), 'bench' on conflict do nothing"
)
_SAID = """
select json::json -> 'content' ->> 'clientId' from event_json join events using (event_id)
where type = 'm.room.message' and strpos(json, %s) > 0
"""
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"level": "WARNING", "handlers": ["console"]},
}
_MUCH = {"per_second": 1e6, "burst_count": 1_000_000}
_LIMITS = ("rc_message", "rc_invites", "rc_joins", "rc_login", "rc_room_creation", "rc_joins_per_room")


class Synapse:
    name = "synapse"
    wire: Wire = "matrix"
    copies = 2
    warm = 20.0

    def __init__(self, stack: Stack, port: int, pid: int) -> None:
        self.socket = f"http://127.0.0.1:{port}"
        self._stack = stack
        self._pid = pid

    def processes(self) -> dict[str, int]:
        return {"synapse": self._pid, "postgres": self._stack.reload().process("postgres").pid}

    def begin(self, pairs: Sequence[Pair]) -> list[str]:
        """Users and tokens are written into its tables; rooms are made by its own API."""
        users = sorted({user for pair in pairs for user in (pair.a, pair.b)})
        full = [f"@{user}:{_HOST}" for user in users]
        with psycopg.connect(self._stack.database) as connection:
            connection.execute(_USERS, (full,))
            connection.execute(_DEVICES, (full,))
            connection.execute(_TOKENS, (full, [f"token-{user}" for user in users]))
        with httpx.Client(base_url=f"{self.socket}/_matrix/client/v3", timeout=30) as client:
            return [_room(client, pair) for pair in pairs]

    def history(self, pairs: Sequence[Pair], round_name: str) -> list[str]:
        with psycopg.connect(self._stack.database) as connection:
            return [row[0] for row in connection.execute(_SAID, (f'"{round_name}.',))]

    def settings(self) -> dict[str, str]:
        found = install.versions(_environment(), "matrix-synapse", "psycopg2-binary", "Twisted")
        return {**found, "workers": "none", "rate limits": "off", **postgres(self._stack.database)}


@contextmanager
def synapse() -> Iterator[Synapse]:
    """Ready when entered, gone with its data when left."""
    environment, port = _environment(), free_port()
    with database() as stack:
        folder = stack.folder / "synapse"
        folder.mkdir()
        (folder / "homeserver.yaml").write_text(json.dumps(_configuration(stack, port)))
        (folder / "log.yaml").write_text(json.dumps(_LOGGING))
        python = str(environment / "bin" / "python")
        home = ["-c", "homeserver.yaml"]
        (folder / "signing.key").write_text("ed25519 a_bench AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")
        command = [python, "-m", "synapse.app.homeserver", *home]
        with server(command, folder, {}, lambda: answers(port)) as pid:
            yield Synapse(stack, port, pid)


def _room(client: httpx.Client, pair: Pair) -> str:
    def call(user: str, path: str, **body: object) -> dict[str, str]:
        answer = client.post(path, json=body, headers={"Authorization": f"Bearer token-{user}"})
        answer.raise_for_status()
        said: dict[str, str] = answer.json()
        return said

    room = call(pair.a, "/createRoom", preset="trusted_private_chat", invite=[f"@{pair.b}:{_HOST}"])[
        "room_id"
    ]
    call(pair.b, f"/rooms/{room}/join")
    return room


def _configuration(stack: Stack, port: int) -> dict[str, object]:
    where = urlsplit(stack.database)
    folder = stack.folder / "synapse"
    arguments = {
        "host": "127.0.0.1",
        "port": where.port,
        "dbname": where.path[1:],
        "user": where.username,
        "password": where.password,
        "cp_min": 5,
        "cp_max": 10,
    }
    resources = [{"names": ["client"], "compress": False}]
    return {
        "server_name": _HOST,
        "pid_file": str(folder / "pid"),
        "listeners": [
            {"port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "resources": resources}
        ],
        "database": {"name": "psycopg2", "args": arguments},
        "log_config": str(folder / "log.yaml"),
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "report_stats": False,
        "trusted_key_servers": [],
        "macaroon_secret_key": "bench",
        "presence": {"enabled": False},
        **{name: _limit(name) for name in _LIMITS},
    }


def _limit(name: str) -> object:
    match name:
        case "rc_message" | "rc_room_creation" | "rc_joins_per_room":
            return _MUCH
        case "rc_invites":
            return {"per_room": _MUCH, "per_user": _MUCH, "per_issuer": _MUCH}
        case "rc_joins":
            return {"local": _MUCH, "remote": _MUCH}
        case _:
            return {"address": _MUCH, "account": _MUCH, "failed_attempts": _MUCH}


def _environment() -> Path:
    return install.environment("synapse", *_PACKAGES)
