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

from bench.peers import install
from bench.peers.private import answers, database, free_port, server
from bench.plan import Pair
from bench.target import postgres
from bench.wires import Wire
from bench.wires.xmpp import HOST, PASSWORD
from deploy.local.stack.state import Stack

_LIBRARIES = "/usr/lib/x86_64-linux-gnu"
_FLAGS = ["+K", "true", "+P", "250000"]
"""As Debian's ejabberdctl starts it, but not as a node of a cluster: so it needs no epmd."""
_USERS = "insert into users (username, password) select unnest(%s::text[]), %s on conflict do nothing"
_ARCHIVED = """
select substring(xml from ' id=''([^'']*)''') from archive where strpos(xml, %s) > 0
"""


class Ejabberd:
    name = "ejabberd"
    wire: Wire = "xmpp"
    warm = 800.0
    copies = 1

    def __init__(self, stack: Stack, port: int, pid: int) -> None:
        self.socket = f"127.0.0.1:{port}"
        self._stack = stack
        self._pid = pid

    def processes(self) -> dict[str, int]:
        return {"ejabberd": self._pid, "postgres": self._stack.reload().process("postgres").pid}

    def begin(self, pairs: Sequence[Pair]) -> list[str]:
        users = list({user for pair in pairs for user in (pair.a, pair.b)})
        with psycopg.connect(self._stack.database) as connection:
            connection.execute(_USERS, (users, PASSWORD))
        return [pair.conversation for pair in pairs]

    def history(self, pairs: Sequence[Pair], round_name: str) -> list[str]:
        """A message has two rows, one in either user's archive."""
        with psycopg.connect(self._stack.database) as connection:
            rows = Counter(row[0] for row in connection.execute(_ARCHIVED, (f" id='{round_name}.",)))
        return [name for name, times in rows.items() for _ in range(times - 1)]

    def settings(self) -> dict[str, str]:
        ask = ["dpkg-query", "--show", "--showformat=${Version}", "erlang-base"]
        said = subprocess.run(ask, capture_output=True, check=False)
        return {
            "ejabberd": _folder().name.partition("-")[2],
            "Erlang": said.stdout.decode(),
            "flags": " ".join(_FLAGS),
            "mod_mam": "sql, default always",
            "sql_pool_size": "10 (its default)",
            **postgres(self._stack.database),
        }


@contextmanager
def ejabberd() -> Iterator[Ejabberd]:
    """Ready when entered, gone with its data when left."""
    program, port = _folder(), free_port()
    with database() as stack:
        folder = stack.folder / "ejabberd"
        folder.mkdir()
        with psycopg.connect(stack.database) as connection:
            schema = (install.debian("ejabberd") / "usr/share/ejabberd/sql/pg.sql").read_bytes()
            connection.execute(schema)
        (folder / "ejabberd.yml").write_text(_configuration(stack.database, port))
        env = {
            "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
            "ERL_LIBS": f"{program.parent}:{_LIBRARIES}",
            "HOME": str(folder),
        }
        spool = ["-mnesia", "dir", json.dumps(str(folder / "spool"))]
        command = ["erl", *_FLAGS, "-noinput", *spool, "-s", "ejabberd"]
        with server(command, folder, env, lambda: answers(port)) as pid:
            yield Ejabberd(stack, port, pid)


def _folder() -> Path:
    """Where its modules are; the name ends with its version."""
    unpacked = install.debian("ejabberd", "erlang-p1-pgsql") / _LIBRARIES[1:]
    (found,) = (each for each in unpacked.glob("ejabberd-*") if not each.is_symlink())
    return found


def _configuration(url: str, port: int) -> str:
    where = urlsplit(url)
    listener = {
        "port": port,
        "ip": "127.0.0.1",
        "module": "ejabberd_c2s",
        "starttls": False,
        "backlog": 128,  # of 5 a crowd that comes at once would be dropped
    }
    settings = {
        "hosts": [HOST],
        "loglevel": "warning",
        "sql_type": "pgsql",
        "sql_server": "127.0.0.1",
        "sql_port": where.port,
        "sql_database": where.path[1:],
        "sql_username": where.username,
        "sql_password": where.password,
        "default_db": "sql",
        "auth_method": ["sql"],
        "auth_password_format": "plain",
        "listen": [listener],
        "modules": {"mod_mam": {"db_type": "sql", "default": "always"}},
    }
    return json.dumps(settings)  # which YAML is, too
