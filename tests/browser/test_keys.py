"""Keys: shortcuts on every layout, input methods, the list as one tab stop, and the way back."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Invite
from tests.browser.messenger import Api, field, messages, online, start, switcher, talk, talks
from tests.browser.person import Person

PRESS = """(target, init) => target.dispatchEvent(
    new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...init}))"""


async def _press(who: Person, **init: Any) -> None:
    """A key as an input method or another layout sends it."""
    await who.page.locator("*:focus").evaluate(PRESS, init)


@pytest.mark.parametrize("composing", [{"isComposing": True}, {"keyCode": 229}])
async def test_escape_of_a_composition_does_not_leave_the_conversation(
    person: Invite, composing: dict[str, Any]
) -> None:
    aya = await person("aya")
    await online(aya)
    await start(aya, "bea")
    await _press(aya, key="Escape", **composing)
    await expect(field(aya)).to_be_focused()
    await _press(aya, key="Escape")
    await expect(field(aya)).not_to_be_attached()


async def test_escape_in_a_half_written_message_first_takes_the_focus_away(person: Invite) -> None:
    cyd = await person("cyd")
    await online(cyd)
    await start(cyd, "dov")
    await field(cyd).fill("half")
    await cyd.page.keyboard.press("Escape")
    await expect(field(cyd)).to_have_value("half")
    await expect(field(cyd)).not_to_be_focused()
    await cyd.page.keyboard.press("Escape")
    await expect(field(cyd)).not_to_be_attached()


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
async def test_control_k_works_on_every_layout(person: Invite, key: str, code: str, opens: bool) -> None:
    eli = await person("eli")
    await online(eli)
    await eli.page.get_by_role("button", name="New conversation").focus()
    await _press(eli, key=key, code=code, ctrlKey=True)
    await expect(switcher(eli)).to_have_count(1 if opens else 0)


async def test_the_list_is_one_tab_stop_and_can_be_skipped(person: Invite, api: Api) -> None:
    fae = await person("fae")
    for n in range(12):
        await api.start("fae", f"friend {n}")
    await fae.page.reload()
    await online(fae)
    await expect(talks(fae)).to_have_count(12)
    press = fae.page.keyboard.press
    await press("Tab")
    await expect(fae.page.get_by_role("button", name="Skip to conversation")).to_be_focused()
    for _ in range(3):
        await press("Tab")
    await press("Tab")
    await expect(talks(fae).locator(":scope:focus")).to_have_count(0)
    await fae.page.get_by_role("button", name="Signed in as fae").focus()
    await press("Shift+Tab")
    await expect(talks(fae).first).to_be_focused()
    await press("ArrowDown")
    await press("ArrowDown")
    await expect(talks(fae).nth(2)).to_be_focused()
    await press("Enter")
    await expect(field(fae)).to_be_focused()
    await fae.page.get_by_role("button", name="Signed in as fae").focus()
    await press("Shift+Tab")
    await expect(talks(fae).nth(2)).to_be_focused()


async def test_alt_and_an_arrow_go_to_the_next_conversation(person: Invite, api: Api) -> None:
    gus = await person("gus")
    for n in range(3):
        await api.start("gus", f"friend {n}")
    await gus.page.reload()
    await online(gus)
    await talks(gus).first.click()
    await expect(field(gus)).to_be_focused()
    await gus.page.keyboard.press("Alt+ArrowDown")
    await expect(talks(gus).nth(1)).to_have_attribute("aria-current", "page")
    await gus.page.keyboard.press("Alt+ArrowUp")
    await expect(talks(gus).first).to_have_attribute("aria-current", "page")


async def test_back_is_back(person: Invite, api: Api) -> None:
    """Three times into a conversation and out of it by the page's arrow: one step leads out of the page."""
    hew = await person("hew", width="phone")
    await api.start("hew", "ivo")
    before = await hew.page.evaluate("history.length")
    for _ in range(3):
        await talk(hew, "ivo").click()
        await expect(field(hew)).to_be_visible()
        await hew.page.get_by_role("button", name="Back to conversations").click()
        await expect(talk(hew, "ivo")).to_be_visible()
        assert "#" not in hew.page.url
    assert await hew.page.evaluate("history.length") == before + 1
    await hew.page.go_back()
    await expect(hew.page).to_have_url("about:blank")


async def test_a_conversation_that_was_linked_to_is_left_for_the_list(person: Invite, api: Api) -> None:
    jil = await person("jil")
    await online(jil)
    url = f"{jil.page.url}#{await api.start('jil', 'kay')}"
    await jil.page.goto("about:blank")
    await jil.page.goto(url)
    await expect(messages(jil)).to_have_count(0)
    await expect(field(jil)).to_be_focused()
    await jil.page.keyboard.press("Escape")
    await expect(talk(jil, "kay")).to_be_focused()
    assert "#" not in jil.page.url
