"""A thread at its end stays there until its reader scrolls; what is in view is read."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Invite
from tests.browser.messenger import Api, jump, log, message, messages, online, shown, talk, wheel
from tests.browser.person import Person

COUNTS_LOSSES = """() => {
    window.losses = 0;
    new MutationObserver(changes => changes.flatMap(({addedNodes}) => [...addedNodes]).forEach(node => {
        if (node.querySelector?.('[aria-label^="Jump to latest"]')) window.losses++;
    })).observe(document.body, {childList: true, subtree: true});
}"""
"""How often the end was lost: then there is a button that leads back to it."""


async def _at_end(api: Api, reader: Person, count: int) -> str:
    """At the end of a conversation of so many messages from max."""
    conversation = await api.start("max", reader.name)
    await api.say("max", conversation, *(f"old {n} " + "word " * (n % 17) for n in range(count)))
    await api.say(reader.name, conversation, "all read")
    await online(reader)
    await talk(reader, "max").click()
    await shown(reader)
    await expect(message(reader, "all read")).to_be_in_viewport(ratio=1)
    return conversation


async def _stream(api: Api, conversation: str, count: int, per_second: float) -> None:
    """Texts of one to about fifty words from max, at an even pace."""

    async def send(n: int) -> None:
        await asyncio.sleep(n / per_second)
        body = {"conversationId": conversation, "text": f"new {n} " + "word and word " * (n % 17)}
        answer = await api.client.post("/messages", params={"meId": "max"}, json=body)
        assert answer.status_code == 202, answer.text

    await asyncio.gather(*(send(n) for n in range(count)))


async def _distance(reader: Person) -> float:
    """In pixels, from the end."""
    return float(await log(reader).evaluate("list => list.scrollHeight - list.clientHeight - list.scrollTop"))


async def _follows(api: Api, person: Invite, name: str, seconds: int) -> None:
    reader = await person(name)
    conversation = await _at_end(api, reader, 30)
    session = await reader.context.new_cdp_session(reader.page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    await reader.page.evaluate(COUNTS_LOSSES)
    await _stream(api, conversation, 20 * seconds, 20)
    async with asyncio.timeout(60):
        while await api.last_seq(name, conversation) < 31 + 20 * seconds:
            await asyncio.sleep(0.2)
    await expect(talk(reader, "max")).not_to_contain_text("unread")
    async with asyncio.timeout(60):
        while await _unread(api, name) > 0 or await _distance(reader) > 1:
            await asyncio.sleep(0.2)
    last = messages(reader).last
    await expect(last).to_be_in_viewport()
    assert await reader.page.evaluate("window.losses") == 0


async def _unread(api: Api, me: str) -> int:
    answer = await api.client.get("/messages/conversations", params={"meId": me})
    return sum(item["unreadCount"] for item in answer.raise_for_status().json()["items"])


async def test_a_slow_device_keeps_up_with_twenty_messages_a_second(person: Invite, api: Api) -> None:
    await _follows(api, person, "una", seconds=8)


@pytest.mark.long
async def test_a_slow_device_keeps_up_for_a_minute(person: Invite, api: Api) -> None:
    await _follows(api, person, "vic", seconds=60)


async def test_a_reader_can_leave_a_stream_and_come_back(person: Invite, api: Api) -> None:
    ann = await person("ann")
    conversation = await _at_end(api, ann, 60)
    stream = asyncio.create_task(_stream(api, conversation, 120, 15))
    await expect(messages(ann).filter(has_text="new")).not_to_have_count(0)
    await wheel(ann, -400)
    await wheel(ann, -400)
    await expect(jump(ann)).to_be_visible()
    place = await log(ann).evaluate("list => list.scrollTop")
    await stream
    await expect(talk(ann, "max")).to_contain_text("unread")
    assert await log(ann).evaluate("list => list.scrollTop") == pytest.approx(place, abs=2)
    await wheel(ann, 100_000)
    await expect(jump(ann)).not_to_be_attached()
    await expect(talk(ann, "max")).not_to_contain_text("unread")
    await api.say("max", conversation, "the last one")
    await expect(message(ann, "the last one")).to_be_in_viewport(ratio=1)


ORPHAN = """([user, conversationId]) => {
    const message = {clientId: 'orphan', conversationId, text: 'from a closed tab', state: 'pending',
        createdAt: new Date().toISOString(), tab: 'closed'};
    localStorage.setItem(`parley/outbox/${user}/orphan`, JSON.stringify(message));
    window.dispatchEvent(new Event('online'));
}"""
"""Leaves an unsent message of a closed tab, and reconnects: that adopts it."""


async def test_a_message_adopted_from_a_closed_tab_does_not_move_the_reader(person: Invite, api: Api) -> None:
    wes = await person("wes")
    conversation = await _at_end(api, wes, 60)
    await wheel(wes, -800)
    await expect(jump(wes)).to_be_visible()
    await wes.page.evaluate(ORPHAN, [wes.name, conversation])
    await expect(talk(wes, "max")).to_contain_text("from a closed tab")
    await expect(jump(wes)).to_be_visible()


async def test_collapsing_the_last_message_at_the_end_stays_at_the_end(person: Invite, api: Api) -> None:
    xia = await person("xia")
    conversation = await _at_end(api, xia, 20)
    await api.say("max", conversation, "line\n" * 25)
    last = messages(xia).last
    await last.get_by_role("button", name="Show more").click()
    await jump(xia).click()
    await expect(jump(xia)).not_to_be_attached()
    await xia.page.evaluate(COUNTS_LOSSES)
    await last.get_by_role("button", name="Show less").click()
    await expect(last.get_by_role("button", name="Show more")).to_be_in_viewport()
    await api.say("max", conversation, "the last one")
    await expect(message(xia, "the last one")).to_be_in_viewport(ratio=1)
    assert await xia.page.evaluate("window.losses") == 0


LAYOUTS = ["900", "1280", "480 low", "900", "large text", "usual text"]


async def _lay_out(reader: Person, layout: str) -> None:
    """Change the height of rows, as another window, a turned phone, zoom or a late font does."""
    if layout.endswith("text"):
        size = "150%" if layout == "large text" else ""
        await reader.page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
    else:
        height = 420 if "low" in layout else 800
        await reader.page.set_viewport_size({"width": int(layout.split(maxsplit=1)[0]), "height": height})


async def test_at_the_end_one_stays_at_the_end_when_rows_are_laid_out_anew(person: Invite, api: Api) -> None:
    bea = await person("bea")
    conversation = await _at_end(api, bea, 60)
    for n, layout in enumerate(LAYOUTS):
        await _lay_out(bea, layout)
        async with asyncio.timeout(15):
            while await _distance(bea) > 1:
                await asyncio.sleep(0.05)
        await api.say("max", conversation, f"arrived {n}")
        await expect(message(bea, f"arrived {n}")).to_be_in_viewport()
    await expect(talk(bea, "max")).not_to_contain_text("unread")


ANCHOR = """() => {
    const edge = document.querySelector('[role=log][tabindex]').getBoundingClientRect().top;
    const rows = [...document.querySelectorAll('[data-seq]')];
    const row = window.anchor ??= rows.find(row => row.getBoundingClientRect().bottom > edge + 1);
    return row.isConnected ? row.getBoundingClientRect().top - edge : null;
}"""
"""Where the row is, in pixels from the edge, that was at the top when this was first asked."""


async def test_elsewhere_the_row_at_the_top_stays_where_it_is(person: Invite, api: Api) -> None:
    """Within a few pixels: heights of rows are fractions, and each layout rounds those above it."""
    cid = await person("cid")
    await _at_end(api, cid, 90)
    await wheel(cid, -1500)
    await expect(jump(cid)).to_be_visible()
    await cid.page.wait_for_timeout(500)
    before = await cid.page.evaluate(ANCHOR)
    for layout in LAYOUTS:
        await _lay_out(cid, layout)
        await cid.page.wait_for_timeout(500)
        assert await cid.page.evaluate(ANCHOR) == pytest.approx(before, abs=4), layout


async def test_reading_moves_as_one_scrolls(person: Invite, api: Api) -> None:
    dot = await person("dot")
    conversation = await api.start("max", "dot")
    await api.say("max", conversation, *(f"message {n}" for n in range(130)))
    await online(dot)
    await talk(dot, "max").click()
    await shown(dot)
    await expect(jump(dot)).to_have_accessible_name(re.compile("1[0-2][0-9] new"))
    for _ in range(4):
        await wheel(dot, 500)
    await expect(jump(dot)).to_have_accessible_name(re.compile(r"latest, [2-9]\d new"))
    async with asyncio.timeout(15):
        while f"{await _unread(api, 'dot')} new" not in (await jump(dot).get_attribute("aria-label") or ""):
            await asyncio.sleep(0.1)
    unread = await _unread(api, "dot")
    await expect(talk(dot, "max")).to_contain_text(f"{unread} unread")
    await dot.page.reload()
    await shown(dot)
    first = dot.page.locator("[data-row]").filter(has=dot.page.get_by_role("heading", name="New messages"))
    await expect(first.get_by_role("article")).to_contain_text(f"message {130 - unread}")


BLANKS = """() => {
    const Usual = window.ResizeObserver;
    window.ResizeObserver = class extends Usual {
        constructor(tell) { super((...sizes) => setTimeout(() => tell(...sizes), 200)); }
    };
    window.blanks = 0;
    const inView = row => {
        const {top, bottom} = row.getBoundingClientRect();
        return row.checkVisibility({visibilityProperty: true}) && bottom > 64 && top < innerHeight;
    };
    requestAnimationFrame(function look() {
        const thread = document.querySelector('[aria-label^="Conversation with"]');
        const skeleton = document.querySelector('[role=status][aria-label="Loading messages"]');
        if (thread && !skeleton && ![...document.querySelectorAll('article')].some(inView)) window.blanks++;
        requestAnimationFrame(look);
    });
}"""
"""Rows are measured late; frames of a thread that shows neither messages nor that they load are counted."""


async def test_there_is_no_blank_thread_before_its_messages(person: Invite, api: Api) -> None:
    eli = await person("eli")
    conversation = await api.start("max", "eli")
    await api.say("max", conversation, *(f"message {n}" for n in range(60)))
    await eli.page.add_init_script(f"({BLANKS})()")
    await eli.page.reload()
    await online(eli)
    await talk(eli, "max").click()
    await shown(eli)
    await expect(messages(eli).first).to_be_visible()
    assert await eli.page.evaluate("window.blanks") == 0
