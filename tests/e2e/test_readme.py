"""The README's tour, pasted into a shell unchanged."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.paths import ROOT
from deploy.local.stack.state import Stack
from tests.fixtures.platform import eventually

DEFAULT = "http://localhost:8000"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "--- end of block"


class Shell:
    """A shell that runs blocks of commands one after another."""

    def __init__(self, folder: Path) -> None:
        self._bash = subprocess.Popen(
            ["bash"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def paste(self, block: str) -> list[Any]:
        """Run a block and return the JSON documents printed; fail when it prints anything else."""
        assert self._bash.stdin
        assert self._bash.stdout
        self._bash.stdin.write(f"{block}echo '{END}'\n")
        self._bash.stdin.flush()
        text = "".join(iter(self._bash.stdout.readline, f"{END}\n")).strip()
        documents = []
        while text:
            document, length = json.JSONDecoder().raw_decode(text)
            documents.append(document)
            text = text[length:].strip()
        return documents

    def close(self) -> None:
        self._bash.communicate(timeout=10)


def tour(gateway: str) -> list[str]:
    """The blocks of commands that end by themselves; the others are tested with the examples they start."""
    section = (ROOT / "README.md").read_text().split("\n## A five-minute tour\n")[1].split("\n## ")[0]
    blocks = [block for block in BLOCK.findall(section) if "docs/examples/" not in block]
    assert sum(DEFAULT in block for block in blocks) == 1, "the address is to be changed in one place"
    return [block.replace(DEFAULT, gateway) for block in blocks]


@pytest.fixture
def shell(stack: Stack, tmp_path: Path) -> Iterator[Shell]:
    """In a folder that looks like the checkout, with the test's stack as the one that runs."""
    (tmp_path / ".data").symlink_to(stack.folder)
    opened = Shell(tmp_path)
    yield opened
    opened.close()


def test_the_tour_can_be_pasted_twice_in_a_row(stack: Stack, shell: Shell) -> None:
    for _ in range(2):
        kill, start, name, send, read, catch_up = tour(stack.gateways[0])
        before = stack.reload().process("gateway")
        assert shell.paste(kill) == []
        eventually(lambda: not before.is_running, "the gateway is killed")  # noqa: B023
        eventually(lambda: _answers(stack), "the gateway is started again", 60)

        (conversation,) = shell.paste(start)
        assert name == f"C={conversation['id']}\n"
        assert shell.paste(name) == []

        first, second = shell.paste(send)
        assert (first["id"], first["status"]) == (second["id"], "accepted")
        assert first["position"] != second["position"]
        assert f'"id": "{first["id"]}"' in (ROOT / "README.md").read_text()

        sent, history = shell.paste(read)
        assert sent["text"] == "At noon"
        assert history["items"][-1] == sent

        waited, missed = shell.paste(catch_up)
        assert [frame for frame in missed["entries"] if frame["type"] == "message"] == [
            {"type": "message"} | waited | {"isRead": False}
        ]


def _answers(stack: Stack) -> bool:
    command = ["curl", "-sfo", "/dev/null", f"{stack.gateways[0]}/readyz"]
    return subprocess.run(command, check=False).returncode == 0


def test_the_two_other_blocks_of_the_tour_are_the_examples() -> None:
    section = (ROOT / "README.md").read_text()
    for command in ("chat.py ann bob", "chat.py bob ann", "consumer.py $(python3 "):
        assert f".venv/bin/python docs/examples/{command}" in section
