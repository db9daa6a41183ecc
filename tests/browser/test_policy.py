"""The page's Content-Security-Policy is enforced, and violations fail tests."""

import pytest
from playwright.async_api import Error

from tests.browser.conftest import OpenPage

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


@pytest.mark.parametrize(("script", "required_type"), CODE_FROM_TEXT.items())
async def test_text_cannot_become_markup_or_code(person: OpenPage, script: str, required_type: str) -> None:
    ann = await person("ann")
    with pytest.raises(Error, match=f"requires '{required_type}' assignment"):
        await ann.page.evaluate(script)
    await ann.expect_page_error(required_type)


@pytest.mark.parametrize(("script", "rule"), OUTSIDE.items())
async def test_other_origins_cannot_be_reached(person: OpenPage, script: str, rule: str) -> None:
    ann = await person("ann")
    with pytest.raises(Error):
        await ann.page.evaluate(script)
    await ann.expect_page_error(rule)


async def test_inline_styles_are_blocked(person: OpenPage) -> None:
    ann = await person("ann")
    await ann.page.evaluate(STYLE)
    await ann.expect_page_error("style-src")
    assert await ann.page.evaluate("[...document.querySelectorAll('style')].every(style => !style.sheet)")


async def test_axe_finds_a_violation(person: OpenPage) -> None:
    """axe works under the same policy."""
    ann = await person("ann")
    await ann.page.evaluate("document.body.append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name: Buttons must have discernible text"):
        await ann.expect_accessible()
