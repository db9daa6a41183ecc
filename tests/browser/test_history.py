"""A long conversation: all of it can be scrolled through, and the page stays small and quick.

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
from tests import builders
from tests.browser.conftest import Invite
from tests.browser.messenger import Api, jump, message, messages, online, shown, talk, wheel
from tests.conftest import StartStack
from tests.platform import new_topic_prefix

MESSAGES = int(os.environ.get("HISTORY_MESSAGES", "10000"))
TALK = ids.direct_conversation_id("ann", "bob")
PREFIX = new_topic_prefix()

TO_THE_BEGINNING = """async () => {
    const log = document.querySelector('[role=log]')
    const frame = () => new Promise(requestAnimationFrame)
    const seen = {nodes: 0, frames: [], steps: 0}
    while (!log.textContent.includes('This is the beginning')) {
        const began = performance.now()
        log.scrollTop = 0
        await frame()
        seen.frames.push(performance.now() - began)
        seen.steps++
        seen.nodes = Math.max(seen.nodes, document.querySelectorAll('*').length)
    }
    while (log.scrollTop > 0) {
        log.scrollTop = 0
        await new Promise(done => setTimeout(done, 100))
    }
    return seen
}"""


def _event(n: int) -> events.Event:
    """Two minutes after the one before: two weeks for 10,000."""
    event = builders.sent(TALK, "ann" if n % 3 else "bob", f"message {n}")
    moment = datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(minutes=2 * n)
    return event.model_copy(update={"time": timestamp(moment)})


async def _happen(stack: Stack) -> None:
    """Straight into the log, as gateways would write it."""
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
    """With a long past."""
    stack = start_stack(env={"WEB_ROOT": str(page_root), "TOPIC_PREFIX": PREFIX})
    await _happen(stack)
    return stack


async def test_all_of_it_can_be_scrolled_through(person: Invite, api: Api) -> None:
    async with asyncio.timeout(120):
        while await api.last_seq("ann", TALK) < MESSAGES:
            await asyncio.sleep(0.2)
    ann = await person("ann")
    await online(ann)
    await talk(ann, "bob").click()
    await (
        ann.page.get_by_role("button", name="Jump to latest")
        .or_(message(ann, f"message {MESSAGES}"))
        .first.wait_for()
    )

    seen = await ann.page.evaluate(TO_THE_BEGINNING)
    await expect(messages(ann).first.locator("[dir=auto]")).to_have_text("message 1")
    pages = MESSAGES / 100
    assert seen["steps"] >= pages, "it was not loaded page by page"
    assert seen["nodes"] < 4_000
    # Slow machines have slow frames: what must not be is that they grow with what is loaded.
    part = len(seen["frames"]) // 5
    first, last = median(seen["frames"][:part]), median(seen["frames"][-part:])
    print(f"{seen['nodes']} nodes, {seen['steps']} frames of {first:.0f} ms at first, {last:.0f} at last")
    assert last <= max(2 * first, 50)
    await ann.shot("beginning")

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


async def test_what_one_looks_at_stays_when_older_ones_come(person: Invite) -> None:
    bob = await person("bob")
    may_come = asyncio.Event()

    async def wait(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await bob.page.route(re.compile("before="), wait)
    await online(bob)
    await talk(bob, "ann").click()
    await expect(message(bob, f"message {MESSAGES}")).to_be_in_viewport()
    log = bob.page.get_by_role("log", name="Messages", exact=True)
    await shown(bob)
    await wheel(bob, 300 - await log.evaluate("log => log.scrollTop"))
    await expect(jump(bob)).to_be_visible()
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


async def test_who_comes_back_to_a_conversation_is_where_they_were(person: Invite, api: Api) -> None:
    ann = await person("ann")
    await online(ann)
    await api.start("ann", "cat")
    await talk(ann, "bob").click()
    await expect(message(ann, f"message {MESSAGES}")).to_be_in_viewport()
    log = ann.page.get_by_role("log", name="Messages", exact=True)
    await log.hover()
    await ann.page.mouse.wheel(0, -1500)
    await expect(ann.page.get_by_role("button", name="Jump to latest")).to_be_visible()
    await ann.page.wait_for_timeout(300)
    top = await _topmost(log)
    await talk(ann, "cat").click()
    await expect(log.get_by_role("article")).to_have_count(0)
    await talk(ann, "bob").click()
    await expect(message(ann, top)).to_be_in_viewport()
    assert await _topmost(log) == top


async def _topmost(log: Locator) -> str:
    """The text of the first message that can be seen whole."""
    edge = await log.bounding_box()
    assert edge
    for article in await log.get_by_role("article").all():
        box = await article.bounding_box()
        if box and box["y"] >= edge["y"]:
            return await article.locator("[dir=auto]").inner_text()
    raise AssertionError("nothing is in view")
