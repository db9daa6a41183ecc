"""A thread follows its end until the reader scrolls up; visible messages are marked as read."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import (
    Api,
    conversation_link,
    jump_button,
    message,
    message_list,
    messages,
    scroll,
    wait_for_thread,
    wait_until_online,
)
from tests.browser.conftest import OpenPage
from tests.browser.person import Person

COUNTS_LOSSES = """() => {
    window.losses = 0;
    new MutationObserver(changes => changes.flatMap(({addedNodes}) => [...addedNodes]).forEach(node => {
        if (node.querySelector?.('[aria-label^="Jump to latest"]')) window.losses++;
    })).observe(document.body, {childList: true, subtree: true});
}"""
"""Counts how often the button to the latest message appears, that is, how often the end was lost."""


async def _open_at_end(api: Api, reader: Person, count: int) -> str:
    """Open a conversation with `count` messages from max, at its end."""
    conversation = await api.start_conversation("max", reader.name)
    await api.send("max", conversation, *(f"old {n} " + "word " * (n % 17) for n in range(count)))
    await api.send(reader.name, conversation, "all read")
    await wait_until_online(reader)
    await conversation_link(reader, "max").click()
    await wait_for_thread(reader)
    await expect(message(reader, "all read")).to_be_in_viewport(ratio=1)
    return conversation


async def _stream(api: Api, conversation: str, count: int, per_second: float) -> None:
    """Send texts of one to about fifty words from max at a constant rate."""

    async def send(n: int) -> None:
        await asyncio.sleep(n / per_second)
        body = {"conversationId": conversation, "text": f"new {n} " + "word and word " * (n % 17)}
        answer = await api.client.post("/messages", params={"meId": "max"}, json=body)
        assert answer.status_code == 202, answer.text

    await asyncio.gather(*(send(n) for n in range(count)))


async def _distance(reader: Person) -> float:
    """Return the distance from the end in pixels."""
    return float(
        await message_list(reader).evaluate("list => list.scrollHeight - list.clientHeight - list.scrollTop")
    )


async def _follows(api: Api, person: OpenPage, name: str, seconds: int) -> None:
    reader = await person(name)
    conversation = await _open_at_end(api, reader, 30)
    session = await reader.context.new_cdp_session(reader.page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    await reader.page.evaluate(COUNTS_LOSSES)
    await _stream(api, conversation, 20 * seconds, 20)
    async with asyncio.timeout(60):
        while await api.last_seq(name, conversation) < 31 + 20 * seconds:
            await asyncio.sleep(0.2)
    await expect(conversation_link(reader, "max")).not_to_contain_text("unread")
    async with asyncio.timeout(60):
        while await _unread(api, name) > 0 or await _distance(reader) > 1:
            await asyncio.sleep(0.2)
    last = messages(reader).last
    await expect(last).to_be_in_viewport()
    assert await reader.page.evaluate("window.losses") == 0


async def _unread(api: Api, me: str) -> int:
    answer = await api.client.get("/messages/conversations", params={"meId": me})
    return sum(item["unreadCount"] for item in answer.raise_for_status().json()["items"])


async def test_a_slow_device_keeps_up_with_twenty_messages_a_second(person: OpenPage, api: Api) -> None:
    await _follows(api, person, "una", seconds=8)


@pytest.mark.long
async def test_a_slow_device_keeps_up_for_a_minute(person: OpenPage, api: Api) -> None:
    await _follows(api, person, "vic", seconds=60)


async def test_a_reader_can_scroll_away_from_a_stream_and_back(person: OpenPage, api: Api) -> None:
    ann = await person("ann")
    conversation = await _open_at_end(api, ann, 60)
    stream = asyncio.create_task(_stream(api, conversation, 120, 15))
    await expect(messages(ann).filter(has_text="new")).not_to_have_count(0)
    await scroll(ann, -400)
    await scroll(ann, -400)
    await expect(jump_button(ann)).to_be_visible()
    place = await message_list(ann).evaluate("list => list.scrollTop")
    await stream
    await expect(conversation_link(ann, "max")).to_contain_text("unread")
    assert await message_list(ann).evaluate("list => list.scrollTop") == pytest.approx(place, abs=2)
    await scroll(ann, 100_000)
    await expect(jump_button(ann)).not_to_be_attached()
    await expect(conversation_link(ann, "max")).not_to_contain_text("unread")
    await api.send("max", conversation, "the last one")
    await expect(message(ann, "the last one")).to_be_in_viewport(ratio=1)


ORPHAN = """([user, conversationId]) => {
    const message = {clientId: 'orphan', conversationId, text: 'from a closed tab', state: 'pending',
        createdAt: new Date().toISOString(), tab: 'closed'};
    localStorage.setItem(`parley/outbox/${user}/orphan`, JSON.stringify(message));
    window.dispatchEvent(new Event('online'));
}"""
"""Leaves an unsent message of a closed tab, and reconnects: that adopts it."""


async def test_a_message_adopted_from_a_closed_tab_does_not_move_the_reader(
    person: OpenPage, api: Api
) -> None:
    wes = await person("wes")
    conversation = await _open_at_end(api, wes, 60)
    await scroll(wes, -800)
    await expect(jump_button(wes)).to_be_visible()
    await wes.page.evaluate(ORPHAN, [wes.name, conversation])
    await expect(conversation_link(wes, "max")).to_contain_text("from a closed tab")
    await expect(jump_button(wes)).to_be_visible()


async def test_collapsing_the_last_message_at_the_end_stays_at_the_end(person: OpenPage, api: Api) -> None:
    xia = await person("xia")
    conversation = await _open_at_end(api, xia, 20)
    await api.send("max", conversation, "line\n" * 25)
    last = messages(xia).last
    await last.get_by_role("button", name="Show more").click()
    await jump_button(xia).click()
    await expect(jump_button(xia)).not_to_be_attached()
    await xia.page.evaluate(COUNTS_LOSSES)
    await last.get_by_role("button", name="Show less").click()
    await expect(last.get_by_role("button", name="Show more")).to_be_in_viewport()
    await api.send("max", conversation, "the last one")
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


async def test_a_list_at_its_end_stays_there_through_layout_changes(person: OpenPage, api: Api) -> None:
    bea = await person("bea")
    conversation = await _open_at_end(api, bea, 60)
    for n, layout in enumerate(LAYOUTS):
        await _lay_out(bea, layout)
        async with asyncio.timeout(15):
            while await _distance(bea) > 1:
                await asyncio.sleep(0.05)
        await api.send("max", conversation, f"arrived {n}")
        await expect(message(bea, f"arrived {n}")).to_be_in_viewport()
    await expect(conversation_link(bea, "max")).not_to_contain_text("unread")


ANCHOR = """() => {
    const edge = document.querySelector('[role=log][tabindex]').getBoundingClientRect().top;
    const rows = [...document.querySelectorAll('[data-seq]')];
    const row = window.anchor ??= rows.find(row => row.getBoundingClientRect().bottom > edge + 1);
    return row.isConnected ? row.getBoundingClientRect().top - edge : null;
}"""
"""Offset, in pixels from the top edge, of the row that was topmost at the first call."""


async def test_elsewhere_the_topmost_row_stays_in_place(person: OpenPage, api: Api) -> None:
    """Within a few pixels: row heights are fractional, and each layout rounds those above."""
    cid = await person("cid")
    await _open_at_end(api, cid, 90)
    await scroll(cid, -1500)
    await expect(jump_button(cid)).to_be_visible()
    await cid.page.wait_for_timeout(500)
    before = await cid.page.evaluate(ANCHOR)
    for layout in LAYOUTS:
        await _lay_out(cid, layout)
        await cid.page.wait_for_timeout(500)
        assert await cid.page.evaluate(ANCHOR) == pytest.approx(before, abs=4), layout


async def test_scrolling_marks_messages_as_read(person: OpenPage, api: Api) -> None:
    dot = await person("dot")
    conversation = await api.start_conversation("max", "dot")
    await api.send("max", conversation, *(f"message {n}" for n in range(130)))
    await wait_until_online(dot)
    await conversation_link(dot, "max").click()
    await wait_for_thread(dot)
    await expect(jump_button(dot)).to_have_accessible_name(re.compile("1[0-2][0-9] new"))
    for _ in range(4):
        await scroll(dot, 500)
    await expect(jump_button(dot)).to_have_accessible_name(re.compile(r"latest, [2-9]\d new"))
    async with asyncio.timeout(15):
        while f"{await _unread(api, 'dot')} new" not in (
            await jump_button(dot).get_attribute("aria-label") or ""
        ):
            await asyncio.sleep(0.1)
    unread = await _unread(api, "dot")
    await expect(conversation_link(dot, "max")).to_contain_text(f"{unread} unread")
    await dot.page.reload()
    await wait_for_thread(dot)
    first = dot.page.locator("[data-row]").filter(has=dot.page.get_by_role("heading", name="New messages"))
    await expect(first.get_by_role("article")).to_contain_text(f"message {130 - unread}")


BLANKS = """() => {
    const Usual = window.ResizeObserver;
    window.ResizeObserver = class extends Usual {
        constructor(callback) { super((...sizes) => setTimeout(() => callback(...sizes), 200)); }
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
"""Delays row measurement, and counts frames in which a thread shows neither messages nor a skeleton."""


async def test_a_thread_is_never_blank(person: OpenPage, api: Api) -> None:
    eli = await person("eli")
    conversation = await api.start_conversation("max", "eli")
    await api.send("max", conversation, *(f"message {n}" for n in range(60)))
    await eli.page.add_init_script(f"({BLANKS})()")
    await eli.page.reload()
    await wait_until_online(eli)
    await conversation_link(eli, "max").click()
    await wait_for_thread(eli)
    await expect(messages(eli).first).to_be_visible()
    assert await eli.page.evaluate("window.blanks") == 0
