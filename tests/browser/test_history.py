"""A long conversation: all of it can be scrolled through, and the page stays small and fast.

HISTORY_MESSAGES sets its length: a hundred pages show what grows with what is loaded, and cost a fifth of the
CPU of the 50,000 messages that the page was designed for.
"""

import asyncio
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
from playwright.async_api import Locator, Route, expect

from deploy.local.stack.state import Stack
from shared.contract import codec, events, ids
from shared.contract.fields import timestamp
from shared.kafka import OutgoingRecord, Producer, partition_for
from shared.log.topics import Topics
from tests.browser.chat_page import (
    Api,
    conversation_link,
    jump_button,
    message,
    messages,
    scroll,
    wait_for_thread,
    wait_until_online,
)
from tests.browser.conftest import OpenPage
from tests.conftest import StartStack
from tests.fixtures import builders
from tests.fixtures.platform import new_topic_prefix

MESSAGES = int(os.environ.get("HISTORY_MESSAGES", "10000"))
TALK = ids.direct_conversation_id("ann", "bob")
PREFIX = new_topic_prefix()

TO_THE_BEGINNING = """async () => {
    const log = document.querySelector('[role=log]')
    const frame = () => new Promise(requestAnimationFrame)
    const measured = {nodes: 0, frames: [], steps: 0}
    while (!log.textContent.includes('This is the beginning')) {
        const began = performance.now()
        log.scrollTop = 0
        await frame()
        measured.frames.push(performance.now() - began)
        measured.steps++
        measured.nodes = Math.max(measured.nodes, document.querySelectorAll('*').length)
    }
    while (log.scrollTop > 0) {
        log.scrollTop = 0
        await new Promise(done => setTimeout(done, 100))
    }
    return measured
}"""


def _event(n: int) -> events.Event:
    """Message n, two minutes after the previous one: two weeks for 10,000."""
    event = builders.sent(TALK, "ann" if n % 3 else "bob", f"message {n}")
    moment = datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(minutes=2 * n)
    return event.model_copy(update={"time": timestamp(moment)})


async def _seed_history(stack: Stack) -> None:
    """Write the history to the log as gateways do."""
    partition = partition_for(TALK.encode(), 12)
    every = [builders.direct("ann", "bob"), *(_event(n) for n in range(1, MESSAGES + 1))]
    records = [OutgoingRecord(builders.key_of(event), codec.encode(event)) for event in every]
    producer = Producer(stack.kafka, client_id="test")
    await producer.start()
    try:
        while records:
            appended = await producer.append_batch(Topics.with_prefix(PREFIX).events, partition, records)
            records = records[appended.record_count :]
    finally:
        await producer.stop()


@pytest.fixture(scope="module")
async def stack(start_stack: StartStack, page_root: Path) -> Stack:
    """A stack with a long conversation."""
    stack = start_stack(env={"WEB_ROOT": str(page_root), "TOPIC_PREFIX": PREFIX})
    await _seed_history(stack)
    return stack


async def test_the_whole_history_can_be_scrolled_through(person: OpenPage, api: Api) -> None:
    async with asyncio.timeout(120):
        while await api.last_seq("ann", TALK) < MESSAGES:
            await asyncio.sleep(0.2)
    ann = await person("ann")
    await wait_until_online(ann)
    await conversation_link(ann, "bob").click()
    await (
        ann.page.get_by_role("button", name="Jump to latest")
        .or_(message(ann, f"message {MESSAGES}"))
        .first.wait_for()
    )

    measured = await ann.page.evaluate(TO_THE_BEGINNING)
    await expect(messages(ann).first.locator("[dir=auto]")).to_have_text("message 1")
    pages = MESSAGES / 100
    assert measured["steps"] >= pages, "history was not loaded page by page"
    assert measured["nodes"] < 4_000
    # Frames may be slow on slow machines, but must not slow down as more messages are loaded.
    fifth = len(measured["frames"]) // 5
    first, last = median(measured["frames"][:fifth]), median(measured["frames"][-fifth:])
    print(
        f"{measured['nodes']} nodes, {measured['steps']} frames: {first:.0f} ms at first, {last:.0f} at last"
    )
    assert last <= max(2 * first, 50)
    await ann.screenshot("beginning")

    log = ann.page.get_by_role("log", name="Messages", exact=True)
    for share in (0.1, 0.37, 0.5, 0.93):
        await log.evaluate("(log, share) => { log.scrollTop = share * log.scrollHeight }", share)
        await ann.page.wait_for_timeout(300)
        numbers = [
            int(text.split()[1]) for text in await messages(ann).locator("[dir=auto]").all_inner_texts()
        ]
        assert len(numbers) > 5
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    await ann.page.get_by_role("button", name="Jump to latest").click()
    await expect(message(ann, f"message {MESSAGES}")).to_be_in_viewport()


async def test_the_visible_messages_stay_in_place_when_older_ones_load(person: OpenPage) -> None:
    bob = await person("bob")
    may_come = asyncio.Event()

    async def wait(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await bob.page.route(re.compile("before="), wait)
    await wait_until_online(bob)
    await conversation_link(bob, "ann").click()
    await expect(message(bob, f"message {MESSAGES}")).to_be_in_viewport()
    log = bob.page.get_by_role("log", name="Messages", exact=True)
    await wait_for_thread(bob)
    await scroll(bob, 300 - await log.evaluate("log => log.scrollTop"))
    await expect(jump_button(bob)).to_be_visible()
    await bob.page.wait_for_timeout(500)
    looked_at = message(bob, await _topmost(log))
    before = await looked_at.bounding_box()
    height = await log.evaluate("log => log.scrollHeight")
    may_come.set()
    await bob.page.wait_for_function(
        "height => document.querySelector('[role=log]').scrollHeight > height + 1000", arg=height
    )
    await bob.page.wait_for_timeout(500)
    after = await looked_at.bounding_box()
    assert before
    assert after
    assert after["y"] == pytest.approx(before["y"], abs=3)


async def test_a_reopened_conversation_is_at_its_last_position(person: OpenPage, api: Api) -> None:
    ann = await person("ann")
    await wait_until_online(ann)
    await api.start_conversation("ann", "cat")
    await conversation_link(ann, "bob").click()
    await expect(message(ann, f"message {MESSAGES}")).to_be_in_viewport()
    log = ann.page.get_by_role("log", name="Messages", exact=True)
    await log.hover()
    await ann.page.mouse.wheel(0, -1500)
    await expect(ann.page.get_by_role("button", name="Jump to latest")).to_be_visible()
    await ann.page.wait_for_timeout(300)
    top = await _topmost(log)
    await conversation_link(ann, "cat").click()
    await expect(log.get_by_role("article")).to_have_count(0)
    await conversation_link(ann, "bob").click()
    await expect(message(ann, top)).to_be_in_viewport()
    assert await _topmost(log) == top


async def _topmost(log: Locator) -> str:
    """Return the text of the first message fully in view."""
    edge = await log.bounding_box()
    assert edge
    for article in await log.get_by_role("article").all():
        box = await article.bounding_box()
        if box and box["y"] >= edge["y"]:
            return await article.locator("[dir=auto]").inner_text()
    raise AssertionError("no message is in view")
