"""Synapse, one process, on PostgreSQL. Its rate limits are lifted; its own logs hold warnings only."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg

from bench.load.plan import Conversation
from bench.load.protocols import ProtocolName
from bench.systems.parley import Stack, postgres_settings
from bench.systems.peers import install
from bench.systems.server_process import free_port, postgres_only, tcp_server

_PACKAGES = ("matrix-synapse", "psycopg2-binary")
_HOST = "bench"
_SIGNING_KEY = f"ed25519 a_bench {'A' * 43}\n"
_USERS = "insert into users (name, creation_ts, admin) select unnest(%s::text[]), 0, 0 on conflict do nothing"
_TOKENS = """
insert into access_tokens (id, user_id, device_id, token)
select coalesce((select max(id) from access_tokens), 0) + row_number() over (), u, 'bench', t
from unnest(%s::text[], %s::text[]) as given (u, t)
"""
_DEVICES = (
    "insert into devices (user_id, device_id) select unnest(%s::text[]), 'bench' on conflict do nothing"
)
_STORED = """
select json::json -> 'content' ->> 'clientId' from event_json join events using (event_id)
where type = 'm.room.message' and strpos(json, %s) > 0
"""
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"level": "WARNING", "handlers": ["console"]},
}
_UNLIMITED = {"per_second": 1e6, "burst_count": 1_000_000}
_LIMITS = {
    "rc_message": _UNLIMITED,
    "rc_room_creation": _UNLIMITED,
    "rc_joins_per_room": _UNLIMITED,
    "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), _UNLIMITED),
    **dict.fromkeys(
        ("rc_joins", "rc_login"), dict.fromkeys(("address", "account", "failed_attempts"), _UNLIMITED)
    ),
}


class Synapse:
    name = "synapse"
    protocol: ProtocolName = "matrix"
    echo = True
    warm_up_rate = 20.0

    def __init__(self, stack: Stack, port: int, pid: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._stack = stack
        self._pid = pid

    def processes(self) -> dict[str, int]:
        return {"synapse": self._pid, "postgres": self._stack.pids()["postgres"]}

    def start(self, conversations: Sequence[Conversation]) -> list[Conversation]:
        """Users and their tokens are written into the database; rooms are created over its own API."""
        users = sorted({user for conversation in conversations for user in conversation.members})
        names = [f"@{user}:{_HOST}" for user in users]
        with psycopg.connect(self._stack.database) as connection:
            connection.execute(_USERS, (names,))
            connection.execute(_DEVICES, (names,))
            connection.execute(_TOKENS, (names, [f"token-{user}" for user in users]))
        with httpx.Client(base_url=f"{self.address}/_matrix/client/v3", timeout=30) as client:
            return [
                conversation.model_copy(update={"id": _create_room(client, *conversation.members)})
                for conversation in conversations
            ]

    def history(self, conversations: Sequence[Conversation], round_name: str) -> list[str]:
        with psycopg.connect(self._stack.database) as connection:
            return [row[0] for row in connection.execute(_STORED, (f'"{round_name}.',))]

    def settings(self) -> dict[str, str]:
        versions = install.versions(_environment(), "matrix-synapse", "psycopg2-binary", "Twisted")
        return {
            **versions,
            "workers": "none",
            "rate limits": "off",
            **postgres_settings(self._stack.database),
        }


@contextmanager
def synapse() -> Iterator[Synapse]:
    """Ready when entered, gone with its data when left."""
    environment, port = _environment(), free_port()
    with postgres_only() as stack:
        folder = stack.folder / "synapse"
        folder.mkdir()
        (folder / "homeserver.yaml").write_text(json.dumps(_configuration(stack, folder, port)))
        (folder / "log.yaml").write_text(json.dumps(_LOGGING))
        (folder / "signing.key").write_text(_SIGNING_KEY)
        python, configuration = str(environment / "bin" / "python"), str(folder / "homeserver.yaml")
        command = [python, "-m", "synapse.app.homeserver", "-c", configuration]
        with tcp_server(command, folder / "server.log", {}, port) as pid:
            yield Synapse(stack, port, pid)


def _create_room(client: httpx.Client, user: str, peer: str) -> str:
    def call(caller: str, path: str, **body: object) -> dict[str, str]:
        answer = client.post(path, json=body, headers={"Authorization": f"Bearer token-{caller}"})
        answer.raise_for_status()
        fields: dict[str, str] = answer.json()
        return fields

    invited = [f"@{peer}:{_HOST}"]
    room = call(user, "/createRoom", preset="trusted_private_chat", invite=invited)["room_id"]
    call(peer, f"/rooms/{room}/join")
    return room


def _configuration(stack: Stack, folder: Path, port: int) -> dict[str, object]:
    url = urlsplit(stack.database)
    database = {"host": "127.0.0.1", "port": url.port, "dbname": url.path[1:], "user": url.username}
    pool = {"password": url.password, "cp_min": 5, "cp_max": 10}
    resources = [{"names": ["client"], "compress": False}]
    return {
        "server_name": _HOST,
        "pid_file": str(folder / "pid"),
        "listeners": [
            {"port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "resources": resources}
        ],
        "database": {"name": "psycopg2", "args": {**database, **pool}},
        "log_config": str(folder / "log.yaml"),
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "report_stats": False,
        "trusted_key_servers": [],
        "macaroon_secret_key": "bench",
        "presence": {"enabled": False},
        **_LIMITS,
    }


def _environment() -> Path:
    return install.environment("synapse", *_PACKAGES)
