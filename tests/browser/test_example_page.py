"""docs/examples/page.html, served as documented, in two tabs on a real stack."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Page, expect

from deploy.local.stack.state import Stack
from tests.browser.chat_page import Api
from tests.fixtures.notifier_processes import free_port
from tests.fixtures.platform import away

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


class Open(Protocol):
    async def __call__(self, me: str, peer: str) -> Page: ...


@pytest.fixture
def server() -> Iterator[str]:
    """Serve the examples as documented: with http.server, on loopback."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory"]
    with subprocess.Popen([*command, str(EXAMPLES)], stderr=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture
async def tab(browser: Browser, stack: Stack, server: str) -> AsyncIterator[Open]:
    context = await browser.new_context()
    errors: list[str] = []

    async def open_tab(me: str, peer: str) -> Page:
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        query = urlencode({"me": me, "peer": peer, "gateway": stack.gateways[0]})
        await page.goto(f"{server}/page.html?{query}")
        return page

    yield open_tab
    await context.close()
    assert errors == []


async def send(page: Page, *texts: str) -> None:
    for text in texts:
        await page.get_by_role("textbox", name="Message").fill(text)
        await page.get_by_role("button", name="Send").click()


async def shows(page: Page, *texts: str) -> None:
    await expect(page.get_by_role("listitem")).to_have_text(list(texts))


async def test_it_shows_history_and_new_messages(tab: Open, api: Api) -> None:
    conversation = await api.start_conversation("ann", "bob")
    await api.send("bob", conversation, "before")
    ann, bob = await tab("ann", "bob"), await tab("bob", "ann")
    for page in (ann, bob):
        await shows(page, "bob: before")
    await send(ann, "<b>hello</b>")
    for page in (ann, bob):
        await shows(page, "bob: before", "ann: <b>hello</b>")
    await send(bob, "hello yourself")
    for page in (ann, bob):
        await shows(page, "bob: before", "ann: <b>hello</b>", "bob: hello yourself")


async def test_a_killed_gateway_loses_and_duplicates_nothing(tab: Open, api: Api, stack: Stack) -> None:
    conversation = await api.start_conversation("cat", "dan")
    cat, dan = await tab("cat", "dan"), await tab("dan", "cat")
    everything: list[str] = []
    for n in range(2):
        await send(cat, f"before {n}")
        with away(stack, "gateway"):
            await send(cat, f"away {n}, 1", f"away {n}, 2")
            await send(dan, f"away {n}, 3")
        await api.ready()
        await send(dan, f"after {n}")
        everything += [f"before {n}", *(f"away {n}, {k}" for k in (1, 2, 3)), f"after {n}"]
        for page in (cat, dan):
            await expect(page.get_by_role("listitem")).to_have_count(len(everything), timeout=60_000)
    stored = await api.texts("cat", conversation)
    assert sorted(stored) == sorted(everything)
    assert [text for text in stored if text.endswith((", 1", ", 2"))] == [
        f"away {n}, {k}" for n in range(2) for k in (1, 2)
    ]
    senders = {text: "dan" if text.endswith(", 3") or text.startswith("after") else "cat" for text in stored}
    for page in (cat, dan):
        await shows(page, *(f"{senders[text]}: {text}" for text in stored))


async def test_a_reload_sends_unacknowledged_messages(tab: Open, api: Api, stack: Stack) -> None:
    await api.start_conversation("eve", "fay")
    eve, fay = await tab("eve", "fay"), await tab("fay", "eve")
    await send(eve, "before")
    await shows(fay, "eve: before")
    with away(stack, "gateway"):
        await send(eve, "still here?")
    await api.ready()
    await eve.reload()
    for page in (eve, fay):
        await expect(page.get_by_role("listitem").nth(1)).to_have_text("eve: still here?", timeout=60_000)
        await shows(page, "eve: before", "eve: still here?")


def test_its_documentation_has_the_command_that_serves_it() -> None:
    text = (EXAMPLES.parent / "your-own-page.md").read_text()
    assert "python3 -m http.server 8080 --bind 127.0.0.1 --directory docs/examples" in text
