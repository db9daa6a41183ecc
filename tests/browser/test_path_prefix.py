"""The web client under a path prefix, behind a real nginx."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, expect

from deploy.local.stack.state import Stack
from tests.browser.chat_page import (
    conversation_link,
    expect_texts,
    open_conversation,
    send,
    wait_until_online,
)
from tests.browser.person import Person
from tests.conftest import StartStack
from tests.fixtures.nginx import PREFIX, Nginx, run_nginx


@pytest.fixture(scope="module")
def prefixed_stack(start_stack: StartStack, page_root: Path) -> Stack:
    env = {"WEB_ROOT": str(page_root), "ROOT_PATH": PREFIX, "TRUSTED_PROXIES": "127.0.0.1"}
    return start_stack(env=env)


@pytest.fixture(params=[False, True], ids=["passes the prefix on", "removes the prefix"])
async def nginx(prefixed_stack: Stack, request: pytest.FixtureRequest) -> AsyncIterator[Nginx]:
    port = urlsplit(prefixed_stack.gateways[0]).port
    assert port is not None
    async with run_nginx([port], strips_prefix=request.param) as nginx:
        yield nginx


async def test_two_users_exchange_messages_under_a_prefix(browser: Browser, nginx: Nginx) -> None:
    names = [f"ann-{nginx.port}", f"bob-{nginx.port}"]
    ann, bob = [
        await Person.open(browser, name, f"http://{nginx.authority}/?user={name}", "light", "desktop")
        for name in names
    ]
    await wait_until_online(ann, bob)
    await open_conversation(ann, bob.name)
    await send(ann, "hello")
    await conversation_link(bob, ann.name).click()
    await expect_texts(bob, ["hello"])
    await ann.page.get_by_role("button", name="Emoji").click()
    await expect(ann.page.get_by_role("gridcell").first).to_be_visible()
    addresses = await ann.page.evaluate("performance.getEntriesByType('resource').map(({name}) => name)")
    assert addresses
    assert all(address.startswith(f"http://{nginx.authority}/") for address in addresses)
    for person in (ann, bob):
        await person.context.close()
        assert person.page_errors == []
