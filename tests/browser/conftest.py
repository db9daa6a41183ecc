"""Chromium, at the page of a real stack. A fault that a page told of on its console fails its test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from playwright.async_api import Browser, async_playwright, expect

from deploy.local import programs
from deploy.local.dependencies.web_client import WEB_CLIENT
from deploy.local.stack.state import Stack
from tests.browser.messenger import Api
from tests.browser.person import Person, Theme, Width
from tests.conftest import StartStack

QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first one may have Chromium to install and the client to build."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=15_000)
    chromium = programs.find("chromium-headless-shell")
    async with async_playwright() as playwright:
        yield await playwright.chromium.launch(executable_path=chromium, args=QUIET)


@pytest.fixture(scope="session")
def page_root() -> Path:
    """The folder of the built client."""
    WEB_CLIENT.build()
    assert WEB_CLIENT.dist is not None
    return WEB_CLIENT.dist


@pytest.fixture(scope="module")
def stack(start_stack: StartStack, page_root: Path) -> Stack:
    """One of everything, and the page."""
    return start_stack(env={"WEB_ROOT": str(page_root)})


class Invite(Protocol):
    """Somebody opens the page, in a browser that knows nothing yet."""

    async def __call__(
        self, name: str, *, theme: Theme = "light", width: Width = "desktop", locale: str = "en-GB"
    ) -> Person: ...


@pytest.fixture
async def person(browser: Browser, stack: Stack) -> AsyncIterator[Invite]:
    people: list[Person] = []

    async def invite(
        name: str, *, theme: Theme = "light", width: Width = "desktop", locale: str = "en-GB"
    ) -> Person:
        url = f"{stack.gateways[0]}/?user={name}"
        people.append(await Person.at(browser, name, url, theme, width, locale))
        return people[-1]

    yield invite
    for each in people:
        await each.context.close()
    faults = [f"{each.name}: {fault}" for each in people for fault in each.faults]
    assert not faults, "\n".join(faults)


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(base_url=stack.gateways[0], timeout=15) as client:
        yield Api(client)
