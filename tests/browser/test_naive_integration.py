"""The integration that existed before Parley (frontend/naive) works unchanged: it uses no cursor and no
clientId, and appends frames to fetched pages."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Locator, WebSocket, expect

from deploy.local.dependencies.web_client import WEB_CLIENT
from deploy.local.stack.state import Stack
from tests.browser.conftest import OpenPage
from tests.browser.person import Person
from tests.fixtures.platform import away


@pytest.fixture(scope="module")
def page_root() -> Path:
    with WEB_CLIENT.with_packages():
        WEB_CLIENT.npm("exec", "--", "vite", "build", "naive", "--logLevel=warn")
    return WEB_CLIENT.folder / "naive/dist"


def _status(user: Person) -> Locator:
    return user.page.get_by_role("status")


def _thread(user: Person) -> Locator:
    return user.page.get_by_role("list", name="Thread").get_by_role("listitem")


def _list(user: Person) -> Locator:
    return user.page.get_by_role("list", name="Conversations").get_by_role("listitem")


async def _fill(user: Person, label: str, text: str) -> None:
    field = user.page.get_by_label(label)
    await field.fill(text)
    await field.press("Enter")


async def _connected(*people: Person) -> None:
    for user in people:
        await expect(_status(user)).to_contain_text("connected,")
        await expect(_status(user)).not_to_contain_text("disconnected")


async def test_two_users_exchange_messages(person: OpenPage) -> None:
    ann, bob = await person("ann"), await person("bob")
    await _connected(ann, bob)
    await _fill(ann, "Peer", "bob")
    await _fill(ann, "Text", "Hello, Bob")
    await expect(_thread(ann)).to_have_text(["ann: Hello, Bob"])

    await expect(_list(bob)).to_have_text(["ann: Hello, Bob"])  # invalidated by the frame
    await bob.page.get_by_role("button", name="ann").click()
    await expect(_thread(bob)).to_have_text(["ann: Hello, Bob"])
    for n in range(5):
        await _fill(bob, "Text", f"b{n}")
        await _fill(ann, "Text", f"a{n}")
        expected = [
            "ann: Hello, Bob",
            *(f"{name}: {name[0]}{k}" for k in range(n + 1) for name in ("bob", "ann")),
        ]
        for reader in (ann, bob):
            await expect(_thread(reader)).to_have_count(len(expected))
            assert sorted(await _thread(reader).all_inner_texts()) == sorted(expected)
    assert await _thread(ann).all_inner_texts() == await _thread(bob).all_inner_texts()
    await expect(_list(ann)).to_have_text([f"bob: {(await _thread(ann).all_inner_texts())[-1].split()[1]}"])


async def test_it_sends_exactly_what_it_always_sent(person: OpenPage) -> None:
    gil = await person("gil")
    urls: list[str] = []
    expected: list[dict[str, str]] = []

    def record_socket(socket: WebSocket) -> None:
        urls.append(socket.url)
        socket.on("framesent", lambda frame: expected.append(json.loads(frame)))

    gil.page.on("websocket", record_socket)
    await gil.page.reload()
    await _connected(gil)
    async with gil.page.expect_response("**/messages/start*") as started:
        await _fill(gil, "Peer", "hal")
    conversation = (await (await started.value).json())["id"]
    await _fill(gil, "Text", "hello")
    await expect(_thread(gil)).to_have_text(["gil: hello"])
    assert {url.partition("/ws")[2] for url in urls} == {"?token=gil"}
    assert expected == [{"type": "message", "conversationId": conversation, "text": "hello"}]


async def test_history_is_loaded_after_a_reload(person: OpenPage) -> None:
    cat, dan = await person("cat"), await person("dan")
    await _connected(cat, dan)
    await _fill(cat, "Peer", "dan")
    for n in range(3):
        await _fill(cat, "Text", str(n))
        await expect(_thread(cat)).to_have_count(n + 1)
    await cat.page.reload()
    await cat.page.get_by_role("button", name="dan").click()
    await expect(_thread(cat)).to_have_text(["cat: 0", "cat: 1", "cat: 2"])


async def test_it_reconnects_after_the_gateway_was_killed(person: OpenPage, stack: Stack) -> None:
    eve, fay = await person("eve"), await person("fay")
    await _connected(eve, fay)
    await _fill(eve, "Peer", "fay")
    await _fill(eve, "Text", "before")
    await expect(_list(fay)).to_have_text(["eve: before"])
    await fay.page.get_by_role("button", name="eve").click()
    eve.tolerates_disconnects = fay.tolerates_disconnects = True
    with away(stack, "gateway"):
        for reader in (eve, fay):
            await expect(_status(reader)).to_contain_text("disconnected")
    await _connected(eve, fay)
    await _fill(eve, "Text", "after")
    for reader in (eve, fay):
        await expect(_thread(reader)).to_have_text(["eve: before", "eve: after"])
    await expect(_list(fay)).to_have_text(["eve: after"])
