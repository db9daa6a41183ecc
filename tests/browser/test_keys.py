"""The keyboard: shortcuts on every layout, input methods, the list as one tab stop, and closing."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import (
    Api,
    composer,
    conversation_link,
    conversation_links,
    messages,
    open_conversation,
    switcher,
    wait_until_online,
)
from tests.browser.conftest import OpenPage
from tests.browser.person import Person

PRESS = """(target, init) => target.dispatchEvent(
    new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...init}))"""


async def _press(who: Person, **init: Any) -> None:
    """Dispatch a key event as an input method or another layout does."""
    await who.page.locator("*:focus").evaluate(PRESS, init)


@pytest.mark.parametrize("composing", [{"isComposing": True}, {"keyCode": 229}])
async def test_escape_in_a_composition_does_not_close_the_conversation(
    person: OpenPage, composing: dict[str, Any]
) -> None:
    aya = await person("aya")
    await wait_until_online(aya)
    await open_conversation(aya, "bea")
    await _press(aya, key="Escape", **composing)
    await expect(composer(aya)).to_be_focused()
    await _press(aya, key="Escape")
    await expect(composer(aya)).not_to_be_attached()


async def test_escape_in_a_draft_first_removes_the_focus(person: OpenPage) -> None:
    cyd = await person("cyd")
    await wait_until_online(cyd)
    await open_conversation(cyd, "dov")
    await composer(cyd).fill("half")
    await cyd.page.keyboard.press("Escape")
    await expect(composer(cyd)).to_have_value("half")
    await expect(composer(cyd)).not_to_be_focused()
    await cyd.page.keyboard.press("Escape")
    await expect(composer(cyd)).not_to_be_attached()


@pytest.mark.parametrize(
    ("key", "code", "opens"),
    [
        ("л", "KeyK", True),
        ("κ", "KeyK", True),
        ("K", "KeyK", True),
        ("k", "KeyV", True),
        ("t", "KeyK", False),
    ],
    ids=["Cyrillic", "Greek", "caps lock", "Dvorak", "another letter of Dvorak"],
)
async def test_control_k_works_on_every_layout(person: OpenPage, key: str, code: str, opens: bool) -> None:
    eli = await person("eli")
    await wait_until_online(eli)
    await eli.page.get_by_role("button", name="New conversation").focus()
    await _press(eli, key=key, code=code, ctrlKey=True)
    await expect(switcher(eli)).to_have_count(1 if opens else 0)


async def test_the_list_is_one_tab_stop_and_can_be_skipped(person: OpenPage, api: Api) -> None:
    fae = await person("fae")
    for n in range(12):
        await api.start_conversation("fae", f"friend {n}")
    await fae.page.reload()
    await wait_until_online(fae)
    await expect(conversation_links(fae)).to_have_count(12)
    press = fae.page.keyboard.press
    await press("Tab")
    await expect(fae.page.get_by_role("button", name="Skip to conversation")).to_be_focused()
    for _ in range(3):
        await press("Tab")
    await press("Tab")
    await expect(conversation_links(fae).locator(":scope:focus")).to_have_count(0)
    await fae.page.get_by_role("button", name="Signed in as fae").focus()
    await press("Shift+Tab")
    await expect(conversation_links(fae).first).to_be_focused()
    await press("ArrowDown")
    await press("ArrowDown")
    await expect(conversation_links(fae).nth(2)).to_be_focused()
    await press("Enter")
    await expect(composer(fae)).to_be_focused()
    await fae.page.get_by_role("button", name="Signed in as fae").focus()
    await press("Shift+Tab")
    await expect(conversation_links(fae).nth(2)).to_be_focused()


async def test_alt_and_an_arrow_open_the_next_conversation(person: OpenPage, api: Api) -> None:
    gus = await person("gus")
    for n in range(3):
        await api.start_conversation("gus", f"friend {n}")
    await gus.page.reload()
    await wait_until_online(gus)
    await conversation_links(gus).first.click()
    await expect(composer(gus)).to_be_focused()
    await gus.page.keyboard.press("Alt+ArrowDown")
    await expect(conversation_links(gus).nth(1)).to_have_attribute("aria-current", "page")
    await gus.page.keyboard.press("Alt+ArrowUp")
    await expect(conversation_links(gus).first).to_have_attribute("aria-current", "page")


async def test_closing_conversations_adds_no_history_entries(person: OpenPage, api: Api) -> None:
    """Open and close a conversation three times; one step back then leaves the page."""
    hew = await person("hew", width="phone")
    await api.start_conversation("hew", "ivo")
    before = await hew.page.evaluate("history.length")
    for _ in range(3):
        await conversation_link(hew, "ivo").click()
        await expect(composer(hew)).to_be_visible()
        await hew.page.get_by_role("button", name="Back to conversations").click()
        await expect(conversation_link(hew, "ivo")).to_be_visible()
        assert "#" not in hew.page.url
    assert await hew.page.evaluate("history.length") == before + 1
    await hew.page.go_back()
    await expect(hew.page).to_have_url("about:blank")


async def test_closing_a_linked_conversation_shows_the_list(person: OpenPage, api: Api) -> None:
    jil = await person("jil")
    await wait_until_online(jil)
    url = f"{jil.page.url}#{await api.start_conversation('jil', 'kay')}"
    await jil.page.goto("about:blank")
    await jil.page.goto(url)
    await expect(messages(jil)).to_have_count(0)
    await expect(composer(jil)).to_be_focused()
    await jil.page.keyboard.press("Escape")
    await expect(conversation_link(jil, "kay")).to_be_focused()
    assert "#" not in jil.page.url
