"""What the policy that comes with the page forbids does not happen, and a test would know of it."""

import pytest
from playwright.async_api import Error

from tests.browser.conftest import Invite

CODE_FROM_TEXT = {
    "document.body.innerHTML = '<b>bold</b>'": "TrustedHTML",
    "document.createElement('script').textContent = 'ran = true'": "TrustedScript",
    "document.createElement('script').src = '/elsewhere.js'": "TrustedScriptURL",
    "setTimeout('ran = true')": "TrustedScript",
}
FAILS = "new Promise((_, reject) => Object.assign({}, {{onerror: reject}}))"
OUTSIDE = {
    FAILS.format("new EventSource('https://example.com/')"): "connect-src",
    FAILS.format("new WebSocket('wss://example.com/')"): "connect-src",
    FAILS.format("Object.assign(new Image(), {src: 'https://example.com/'})"): "img-src",
}
STYLE = "document.body.append(Object.assign(document.createElement('style'), {textContent: '* {}'}))"


@pytest.mark.parametrize(("script", "wanted"), CODE_FROM_TEXT.items())
async def test_text_becomes_neither_markup_nor_code(person: Invite, script: str, wanted: str) -> None:
    ann = await person("ann")
    with pytest.raises(Error, match=f"requires '{wanted}' assignment"):
        await ann.page.evaluate(script)
    await ann.told_of(wanted)


@pytest.mark.parametrize(("script", "rule"), OUTSIDE.items())
async def test_nothing_goes_to_another_origin(person: Invite, script: str, rule: str) -> None:
    ann = await person("ann")
    with pytest.raises(Error):
        await ann.page.evaluate(script)
    await ann.told_of(rule)


async def test_no_style_stands_in_the_page(person: Invite) -> None:
    ann = await person("ann")
    await ann.page.evaluate(STYLE)
    await ann.told_of("style-src")
    assert await ann.page.evaluate("[...document.querySelectorAll('style')].every(style => !style.sheet)")


async def test_a_barrier_is_found(person: Invite) -> None:
    """By axe, under the same policy."""
    ann = await person("ann")
    await ann.page.evaluate("document.body.append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name: Buttons must have discernible text"):
        await ann.finds_no_barrier()
