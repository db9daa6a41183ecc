"""Everybody can use it: axe finds nothing in any state, in both themes and at both widths; keys do it all."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Invite
from tests.browser.messenger import (
    Api,
    field,
    message,
    online,
    say,
    sees,
    start,
    switcher,
    talk,
    talks,
)
from tests.browser.person import THEMED, Person, Width

ME = "maya"
STORY = [
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
async def story(api: Api) -> None:
    """Told once, whichever test comes first."""
    conversation = await api.start(ME, "Jonas Berg")
    if await api.last_seq(ME, conversation):
        return
    for who, text in STORY:
        await api.say(who, conversation, text)
    for who, text in OTHERS.items():
        await api.say(who, await api.start(ME, who), text)


async def _list(maya: Person) -> None:
    await expect(talks(maya)).to_have_count(len(OTHERS) + 1)


async def _thread(maya: Person) -> None:
    await talk(maya, "Jonas Berg").click()
    await expect(message(maya, "the usual place")).to_be_in_viewport()


async def _long(maya: Person) -> None:
    await talk(maya, "Long Winded").click()
    await maya.page.get_by_role("button", name="Show more").click()
    await expect(maya.page.get_by_role("button", name="Show less")).to_be_attached()


async def _starting(maya: Person) -> None:
    await maya.page.get_by_role("button", name="New conversation").click()
    await switcher(maya).get_by_role("combobox", name="To").fill(ME)
    await expect(maya.page.get_by_text("That's you.")).to_be_visible()


async def _unstarted(maya: Person) -> None:
    await start(maya, "Nobody Yet")


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


async def _away(maya: Person) -> None:
    await _thread(maya)
    maya.lonely = True
    await maya.context.set_offline(True)
    await say(maya, "Are you there?")
    await expect(maya.page.get_by_text("Reconnecting")).to_be_visible()
    await expect(message(maya, "Are you there?").get_by_role("img", name="Sending")).to_be_visible()


async def _missing(maya: Person) -> None:
    await maya.page.evaluate("location.hash = 'nothing-like-it'")
    await expect(maya.page.get_by_role("heading", name="Conversation not found")).to_be_visible()


async def _empty(nobody: Person) -> None:
    await expect(nobody.page.get_by_role("heading", name="No conversations yet")).to_be_visible()


async def _welcome(guest: Person) -> None:
    await guest.page.goto(guest.page.url.partition("?")[0])
    await expect(guest.page.get_by_role("heading", name="Who are you?")).to_be_visible()


STATES: dict[str, tuple[str, Callable[[Person], Awaitable[None]]]] = {
    "list": (ME, _list),
    "thread": (ME, _thread),
    "long": (ME, _long),
    "starting": (ME, _starting),
    "unstarted": (ME, _unstarted),
    "shortcuts": (ME, _shortcuts),
    "menu": (ME, _menu),
    "emoji": (ME, _emoji),
    "away": (ME, _away),
    "missing": (ME, _missing),
    "empty": ("nobody-yet", _empty),
    "welcome": ("guest", _welcome),
}


@pytest.mark.parametrize("width", ["desktop", "phone"])
async def test_axe_finds_nothing(person: Invite, width: Width) -> None:
    """Each state is entered once and shown in both themes: entering costs as much as looking at it."""
    for name, (who, enter) in STATES.items():
        somebody = await person(who, width=width)
        await online(somebody)
        await enter(somebody)
        await somebody.shot(name)
        await somebody.finds_no_barrier()
        await somebody.turn("dark")
        await somebody.shot(name)
        await somebody.finds_no_barrier(THEMED)
        await somebody.context.close()


async def test_everything_can_be_done_by_keys(person: Invite) -> None:
    maya = await person(ME)
    await online(maya)
    await _list(maya)
    press = maya.page.keyboard.press
    await talks(maya).first.focus()
    await press("ArrowDown")
    await expect(talks(maya).nth(1)).to_be_focused()
    await press("End")
    await expect(talks(maya).last).to_be_focused()
    await press("Enter")
    await expect(field(maya)).to_be_focused()
    await press("Escape")
    await expect(field(maya)).not_to_be_attached()
    await expect(talks(maya).last).to_be_focused()
    await start(maya, "Zoë")
    await expect(field(maya)).to_be_focused()
    await maya.page.keyboard.type("by keys alone")
    await press("Enter")
    await sees(maya, ["by keys alone"])
    await maya.page.keyboard.press("Control+k")
    await expect(switcher(maya).get_by_role("combobox", name="To")).to_be_focused()
    await press("Escape")
    await expect(maya.page.get_by_role("dialog")).not_to_be_attached()
    await expect(field(maya)).to_be_focused()


async def test_on_a_phone_it_is_the_list_or_a_conversation(person: Invite) -> None:
    maya = await person(ME, width="phone")
    await online(maya)
    await expect(field(maya)).not_to_be_attached()
    await _thread(maya)
    await expect(talks(maya).first).not_to_be_visible()
    await maya.page.get_by_role("button", name="Back to conversations").click()
    await expect(talks(maya).first).to_be_visible()
    await _thread(maya)
    await maya.page.go_back()
    await expect(talks(maya).first).to_be_visible()


async def test_what_arrives_is_said_aloud(person: Invite, api: Api) -> None:
    ida = await person("ida")
    await online(ida)
    await api.say("jon", await api.start("jon", "ida"), "Can you hear me?")
    said = ida.page.get_by_role("log", name="New messages")
    await expect(said).to_have_text("jon: Can you hear me?")


async def test_nothing_is_out_of_reach_where_there_is_little_room(person: Invite, api: Api) -> None:
    una = await person("una", width="phone")
    await api.start("una", "v" * 128)
    await una.page.set_viewport_size({"width": 360, "height": 640})
    await online(una)
    await una.page.get_by_role("button", name="New conversation").click()
    dialog = una.page.get_by_role("dialog")
    await expect(dialog.get_by_role("option", name="vvv")).to_be_visible()
    assert await dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    await una.shot("long-name")
    await una.page.set_viewport_size({"width": 640, "height": 320})
    await _welcome(una)
    come_in = una.page.get_by_role("button", name="Continue")
    await come_in.scroll_into_view_if_needed()
    await expect(come_in).to_be_in_viewport(ratio=1)


async def test_the_theme_that_was_chosen_stays(person: Invite) -> None:
    kim = await person("kim", theme="light")
    await online(kim)
    light = await kim.page.evaluate("getComputedStyle(document.body).backgroundColor")
    await kim.page.get_by_role("button", name="Signed in as kim").click()
    await kim.page.get_by_role("menuitemradio", name="Dark").click()
    await kim.page.reload()
    await online(kim)
    assert await kim.page.evaluate("getComputedStyle(document.body).backgroundColor") != light


async def test_somebody_is_picked_and_two_tabs_can_be_two_people(person: Invite) -> None:
    guest = await person("guest")
    await _welcome(guest)
    await guest.page.get_by_role("button", name="bob").click()
    await online(guest)
    other = await guest.context.new_page()
    await other.goto(guest.page.url.partition("?")[0])
    await other.get_by_label("Another name").fill("lea")
    await other.keyboard.press("Enter")
    await expect(other.get_by_role("button", name="Signed in as lea")).to_be_visible()
    await expect(guest.page.get_by_role("button", name="Signed in as bob")).to_be_visible()
    await guest.page.reload()
    await expect(guest.page.get_by_role("button", name="Signed in as bob")).to_be_visible()
