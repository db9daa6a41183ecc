"""Accessibility: axe finds no violation in any state, theme or width, and the keyboard reaches everything."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import (
    Api,
    composer,
    conversation_link,
    conversation_links,
    expect_texts,
    message,
    open_conversation,
    send,
    switcher,
    wait_until_online,
)
from tests.browser.conftest import OpenPage
from tests.browser.person import THEME_RULES, Person, Width

ME = "maya"
MESSAGES = [
    ("Jonas Berg", "Morning! Did the projector survive the night?"),
    ("Jonas Berg", "I saw the lag graph twitch around three 👀"),
    (ME, "It did. One broker restarted, partitions moved, nobody noticed."),
    (ME, "Write-up: https://parley.example/notes/2026-11-25"),
    ("Jonas Berg", "Nice. So the seq numbers are still dense?"),
    (ME, "1, 2, 3 … all 40,000 of them."),
    ("Jonas Berg", "🎉"),
    ("Jonas Berg", "Then could you look at:\n\n• the reconnect bar\n• phone width\n• the empty states"),
    (ME, "On it. Lunch at noon?"),
    ("Jonas Berg", "Perfect, the usual place"),
]
OTHERS = {
    "Ines Duarte": "The designs are in the folder, tell me what you think of the bubbles",
    "ops-oncall": "All green since Monday.",
    "Théo Laurent": "haha yes exactly",
    "Long Winded": "A very long thought that goes on and on. " * 60,
}


@pytest.fixture(autouse=True)
async def seed_conversations(api: Api) -> None:
    """Create the conversations once, before the first test."""
    conversation = await api.start_conversation(ME, "Jonas Berg")
    if await api.last_seq(ME, conversation):
        return
    for name, text in MESSAGES:
        await api.send(name, conversation, text)
    for name, text in OTHERS.items():
        await api.send(name, await api.start_conversation(ME, name), text)


async def _list(maya: Person) -> None:
    await expect(conversation_links(maya)).to_have_count(len(OTHERS) + 1)


async def _thread(maya: Person) -> None:
    await conversation_link(maya, "Jonas Berg").click()
    await expect(message(maya, "the usual place")).to_be_in_viewport()


async def _long(maya: Person) -> None:
    await conversation_link(maya, "Long Winded").click()
    await maya.page.get_by_role("button", name="Show more").click()
    await expect(maya.page.get_by_role("button", name="Show less")).to_be_attached()


async def _switcher(maya: Person) -> None:
    await maya.page.get_by_role("button", name="New conversation").click()
    await switcher(maya).get_by_role("combobox", name="To").fill(ME)
    await expect(maya.page.get_by_text("That's you.")).to_be_visible()


async def _unstarted(maya: Person) -> None:
    await open_conversation(maya, "Nobody Yet")


async def _shortcuts(maya: Person) -> None:
    await maya.page.keyboard.press("Control+/")
    await expect(maya.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


async def _menu(maya: Person) -> None:
    await maya.page.get_by_role("button", name=f"Signed in as {ME}").click()
    await expect(maya.page.get_by_role("menu")).to_be_visible()


async def _emoji(maya: Person) -> None:
    await _thread(maya)
    await maya.page.get_by_role("button", name="Emoji").click()
    await expect(maya.page.get_by_role("gridcell").first).to_be_visible()


async def _disconnected(maya: Person) -> None:
    await _thread(maya)
    maya.tolerates_disconnects = True
    await maya.context.set_offline(True)
    await send(maya, "Are you there?")
    await expect(maya.page.get_by_text("Reconnecting")).to_be_visible()
    await expect(message(maya, "Are you there?").get_by_role("img", name="Sending")).to_be_visible()


async def _not_found(maya: Person) -> None:
    await maya.page.evaluate("location.hash = 'nothing-like-it'")
    await expect(maya.page.get_by_role("heading", name="Conversation not found")).to_be_visible()


async def _empty(user: Person) -> None:
    await expect(user.page.get_by_role("heading", name="No conversations yet")).to_be_visible()


async def _welcome(user: Person) -> None:
    await user.page.goto(user.page.url.partition("?")[0])
    await expect(user.page.get_by_role("heading", name="Who are you?")).to_be_visible()


STATES: dict[str, tuple[str, Callable[[Person], Awaitable[None]]]] = {
    "list": (ME, _list),
    "thread": (ME, _thread),
    "long": (ME, _long),
    "starting": (ME, _switcher),
    "unstarted": (ME, _unstarted),
    "shortcuts": (ME, _shortcuts),
    "menu": (ME, _menu),
    "emoji": (ME, _emoji),
    "away": (ME, _disconnected),
    "missing": (ME, _not_found),
    "empty": ("nobody-yet", _empty),
    "welcome": ("guest", _welcome),
}


@pytest.mark.parametrize("width", ["desktop", "phone"])
async def test_axe_finds_no_violation(person: OpenPage, width: Width) -> None:
    """Enter each state once and check it in both themes, since entering takes as long as checking."""
    for state, (name, enter) in STATES.items():
        user = await person(name, width=width)
        await wait_until_online(user)
        await enter(user)
        await user.screenshot(state)
        await user.expect_accessible()
        await user.set_theme("dark")
        await user.screenshot(state)
        await user.expect_accessible(THEME_RULES)
        await user.context.close()


async def test_everything_can_be_done_by_keys(person: OpenPage) -> None:
    maya = await person(ME)
    await wait_until_online(maya)
    await _list(maya)
    press = maya.page.keyboard.press
    await conversation_links(maya).first.focus()
    await press("ArrowDown")
    await expect(conversation_links(maya).nth(1)).to_be_focused()
    await press("End")
    await expect(conversation_links(maya).last).to_be_focused()
    await press("Enter")
    await expect(composer(maya)).to_be_focused()
    await press("Escape")
    await expect(composer(maya)).not_to_be_attached()
    await expect(conversation_links(maya).last).to_be_focused()
    await open_conversation(maya, "Zoë")
    await expect(composer(maya)).to_be_focused()
    await maya.page.keyboard.type("by keys alone")
    await press("Enter")
    await expect_texts(maya, ["by keys alone"])
    await maya.page.keyboard.press("Control+k")
    await expect(switcher(maya).get_by_role("combobox", name="To")).to_be_focused()
    await press("Escape")
    await expect(maya.page.get_by_role("dialog")).not_to_be_attached()
    await expect(composer(maya)).to_be_focused()


async def test_a_phone_shows_the_list_or_a_conversation(person: OpenPage) -> None:
    maya = await person(ME, width="phone")
    await wait_until_online(maya)
    await expect(composer(maya)).not_to_be_attached()
    await _thread(maya)
    await expect(conversation_links(maya).first).not_to_be_visible()
    await maya.page.get_by_role("button", name="Back to conversations").click()
    await expect(conversation_links(maya).first).to_be_visible()
    await _thread(maya)
    await maya.page.go_back()
    await expect(conversation_links(maya).first).to_be_visible()


async def test_new_messages_are_announced(person: OpenPage, api: Api) -> None:
    ida = await person("ida")
    await wait_until_online(ida)
    await api.send("jon", await api.start_conversation("jon", "ida"), "Is this announced?")
    announcements = ida.page.get_by_role("log", name="New messages")
    await expect(announcements).to_have_text("jon: Is this announced?")


async def test_everything_is_reachable_on_small_screens(person: OpenPage, api: Api) -> None:
    una = await person("una", width="phone")
    await api.start_conversation("una", "v" * 128)
    await una.page.set_viewport_size({"width": 360, "height": 640})
    await wait_until_online(una)
    await una.page.get_by_role("button", name="New conversation").click()
    dialog = una.page.get_by_role("dialog")
    await expect(dialog.get_by_role("option", name="vvv")).to_be_visible()
    assert await dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    await una.screenshot("long-name")
    await una.page.set_viewport_size({"width": 640, "height": 320})
    await _welcome(una)
    continue_button = una.page.get_by_role("button", name="Continue")
    await continue_button.scroll_into_view_if_needed()
    await expect(continue_button).to_be_in_viewport(ratio=1)


async def test_the_chosen_theme_survives_a_reload(person: OpenPage) -> None:
    kim = await person("kim", theme="light")
    await wait_until_online(kim)
    light = await kim.page.evaluate("getComputedStyle(document.body).backgroundColor")
    await kim.page.get_by_role("button", name="Signed in as kim").click()
    await kim.page.get_by_role("menuitemradio", name="Dark").click()
    await kim.page.reload()
    await wait_until_online(kim)
    assert await kim.page.evaluate("getComputedStyle(document.body).backgroundColor") != light


async def test_two_tabs_can_have_two_users(person: OpenPage) -> None:
    user = await person("guest")
    await _welcome(user)
    await user.page.get_by_role("button", name="bob").click()
    await wait_until_online(user)
    other = await user.context.new_page()
    await other.goto(user.page.url.partition("?")[0])
    await other.get_by_label("Another name").fill("lea")
    await other.keyboard.press("Enter")
    await expect(other.get_by_role("button", name="Signed in as lea")).to_be_visible()
    await expect(user.page.get_by_role("button", name="Signed in as bob")).to_be_visible()
    await user.page.reload()
    await expect(user.page.get_by_role("button", name="Signed in as bob")).to_be_visible()
