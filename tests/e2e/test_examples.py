"""The README's tour: two people in two terminals."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from deploy.local.stack.state import Stack
from tests.chaos.proxy.tcp_relay import Relay
from tests.fixtures.notifier_processes import free_port

CHAT = Path(__file__).parents[2] / "docs" / "examples" / "chat.py"


async def _chat(gateway: str, me: str, peer: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, str(CHAT), me, peer, gateway), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )


async def _shown(chat: Process, kind: str) -> Any:
    """Return the next received frame of this type."""
    assert chat.stdout is not None
    async with asyncio.timeout(20):
        async for line in chat.stdout:
            arrow, _, frame = line.decode().partition(" ")
            if arrow == "<" and json.loads(frame)["type"] == kind:
                return json.loads(frame)
    raise AssertionError(f"ended without {kind}")


async def test_two_people_talk_in_two_terminals(stack: Stack) -> None:
    gateway = stack.gateways[0]
    ann, bob = await _chat(gateway, "ann", "bob"), await _chat(gateway, "bob", "ann")
    for chat in (ann, bob):
        await _shown(chat, "synced")
    for sender, receiver, text in ((ann, bob, "Hello, Bob"), (bob, ann, "Привет, Ann")):
        assert sender.stdin is not None
        sender.stdin.write(f"{text}\n".encode())
        assert (await _shown(receiver, "message"))["text"] == text
        assert (await _shown(sender, "message"))["text"] == text
        assert (await _shown(sender, "read"))["upTo"] > 0
    for chat in (ann, bob):
        assert chat.stdin is not None
        chat.stdin.close()
        assert await asyncio.wait_for(chat.wait(), 10) == 0


async def test_a_terminal_ends_with_its_connection(stack: Stack) -> None:
    gateway = Relay(free_port(), urlsplit(stack.gateways[0]).port or 0)
    await gateway.open()
    chat = await _chat(f"http://127.0.0.1:{gateway.port}", "ann", "bob")
    await _shown(chat, "synced")
    await gateway.close()
    assert await asyncio.wait_for(chat.wait(), 10) == 1
    assert chat.stderr is not None
    assert (await chat.stderr.read()).startswith(b"the gateway ended the connection")


async def test_a_terminal_prints_why_the_gateway_refused_a_call(stack: Stack) -> None:
    chat = await _chat(stack.gateways[0].removeprefix("http://"), "ann", "ann")
    assert chat.stderr is not None
    assert await asyncio.wait_for(chat.stderr.read(), 10) == b"peerId: must be another user\n"


async def test_the_conversation_of_the_readme_is_the_one_that_is_made(stack: Stack) -> None:
    readme = (CHAT.parents[2] / "README.md").read_text()
    async with httpx.AsyncClient(base_url=stack.gateways[0]) as http:
        started = await http.post("/messages/start", params={"meId": "ann"}, content='{"peerId":"bob"}')
    assert f"C={started.json()['id']}\n" in readme
