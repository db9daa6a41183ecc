"""Fixtures: Chromium on the web client of a real stack. A console error of a page fails its test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from playwright.async_api import Browser, async_playwright, expect

from deploy.local import programs
from deploy.local.dependencies.web_client import WEB_CLIENT
from deploy.local.stack.state import Stack
from tests.browser.chat_page import Api
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
    """Allow 10 minutes: the first test may have to install Chromium and build the client."""
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
    """A stack with one process of each service, serving the web client."""
    return start_stack(env={"WEB_ROOT": str(page_root)})


class OpenPage(Protocol):
    """Opens the page as a user in a fresh browser context."""

    async def __call__(
        self, name: str, *, theme: Theme = "light", width: Width = "desktop", locale: str = "en-GB"
    ) -> Person: ...


@pytest.fixture
async def person(browser: Browser, stack: Stack) -> AsyncIterator[OpenPage]:
    opened_pages: list[Person] = []

    async def open_page(
        name: str, *, theme: Theme = "light", width: Width = "desktop", locale: str = "en-GB"
    ) -> Person:
        url = f"{stack.gateways[0]}/?user={name}"
        opened_pages.append(await Person.open(browser, name, url, theme, width, locale))
        return opened_pages[-1]

    yield open_page
    for opened in opened_pages:
        await opened.context.close()
    errors = [f"{opened.name}: {error}" for opened in opened_pages for error in opened.page_errors]
    assert not errors, "\n".join(errors)


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(base_url=stack.gateways[0], timeout=15) as client:
        yield Api(client)
