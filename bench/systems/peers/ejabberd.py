"""ejabberd with its message archive (XEP-0313) in PostgreSQL: each message is in both users' archives, and
written before it is passed on. Plain TCP, no TLS, no shaper, no logs but warnings."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from bench.load.plan import Conversation
from bench.load.protocols import ProtocolName
from bench.load.protocols.xmpp import HOST, PASSWORD
from bench.systems.parley import Stack, postgres_settings
from bench.systems.peers import install
from bench.systems.server_process import free_port, postgres_only, tcp_server

_LIBRARIES = "/usr/lib/x86_64-linux-gnu"
_FLAGS = ["+K", "true", "+P", "250000"]
"""As Debian's ejabberdctl starts it, but not as a node of a cluster: so it needs no epmd."""
_USERS = "insert into users (username, password) select unnest(%s::text[]), %s on conflict do nothing"
_ARCHIVED = "select substring(xml from ' id=''([^'']*)''') from archive where strpos(xml, %s) > 0"


class Ejabberd:
    name = "ejabberd"
    protocol: ProtocolName = "xmpp"
    warm_up_rate = 800.0
    echo = False

    def __init__(self, stack: Stack, port: int, pid: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._stack = stack
        self._pid = pid

    def processes(self) -> dict[str, int]:
        return {"ejabberd": self._pid, "postgres": self._stack.pids()["postgres"]}

    def start(self, conversations: Sequence[Conversation]) -> list[Conversation]:
        users = list({user for conversation in conversations for user in conversation.members})
        with psycopg.connect(self._stack.database) as connection:
            connection.execute(_USERS, (users, PASSWORD))
        return list(conversations)

    def history(self, conversations: Sequence[Conversation], round_name: str) -> list[str]:
        """A message has two rows, one in either user's archive."""
        with psycopg.connect(self._stack.database) as connection:
            rows = Counter(row[0] for row in connection.execute(_ARCHIVED, (f" id='{round_name}.",)))
        return [name for name, count in rows.items() for _ in range(count - 1)]

    def settings(self) -> dict[str, str]:
        command = ["dpkg-query", "--show", "--showformat=${Version}", "erlang-base"]
        return {
            "ejabberd": _modules().name.partition("-")[2],
            "Erlang": subprocess.run(command, capture_output=True, check=False).stdout.decode(),
            "flags": " ".join(_FLAGS),
            "mod_mam": "sql, default always",
            "sql_pool_size": "10 (its default)",
            **postgres_settings(self._stack.database),
        }


@contextmanager
def ejabberd() -> Iterator[Ejabberd]:
    """Ready when entered, gone with its data when left."""
    modules, port = _modules(), free_port()
    with postgres_only() as stack:
        folder = stack.folder / "ejabberd"
        folder.mkdir()
        schema = (install.debian("ejabberd") / "usr/share/ejabberd/sql/pg.sql").read_bytes()
        with psycopg.connect(stack.database) as connection:
            connection.execute(schema)
        (folder / "ejabberd.yml").write_text(json.dumps(_configuration(stack.database, port)))  # also YAML
        env = {
            "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
            "ERL_LIBS": f"{modules.parent}:{_LIBRARIES}",
            "HOME": str(folder),
        }
        spool = ["-mnesia", "dir", json.dumps(str(folder / "spool"))]
        command = ["erl", *_FLAGS, "-noinput", *spool, "-s", "ejabberd"]
        with tcp_server(command, folder / "server.log", env, port) as pid:
            yield Ejabberd(stack, port, pid)


def _modules() -> Path:
    """The folder of its modules; the name ends with its version."""
    unpacked = install.debian("ejabberd", "erlang-p1-pgsql") / _LIBRARIES[1:]
    (folder,) = (path for path in unpacked.glob("ejabberd-*") if not path.is_symlink())
    return folder


def _configuration(database: str, port: int) -> dict[str, object]:
    url = urlsplit(database)
    listener = {"port": port, "ip": "127.0.0.1", "module": "ejabberd_c2s", "starttls": False}
    return {
        "hosts": [HOST],
        "loglevel": "warning",
        "sql_type": "pgsql",
        "sql_server": "127.0.0.1",
        "sql_port": url.port,
        "sql_database": url.path[1:],
        "sql_username": url.username,
        "sql_password": url.password,
        "default_db": "sql",
        "auth_method": ["sql"],
        "auth_password_format": "plain",
        "listen": [{**listener, "backlog": 128}],  # with the default of 5, connections at start are dropped
        "modules": {"mod_mam": {"db_type": "sql", "default": "always"}},
    }
