"""What a thread shows beside the texts: days, times, marks; and what is copied of it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Invite
from tests.browser.messenger import (
    Api,
    field,
    jump,
    log,
    message,
    messages,
    online,
    say,
    shown,
    start,
    talk,
    wheel,
)
from tests.browser.person import Person, Theme, Width


async def _open(api: Api, reader: Person, *texts: str, peer: str = "max") -> str:
    """A conversation in which the peer wrote these, and the reader an answer."""
    conversation = await api.start(peer, reader.name)
    await api.say(peer, conversation, *texts)
    await api.say(reader.name, conversation, "answer", "and more")
    await online(reader)
    await talk(reader, peer[:20]).click()
    await shown(reader)
    return conversation


async def _overlap(one: Locator, other: Locator) -> bool:
    a, b = await one.bounding_box(), await other.bounding_box()
    if not a or not b:
        return False
    return (
        a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"]
        and b["y"] < a["y"] + a["height"]
    )


async def test_the_day_is_shown_while_one_scrolls_and_fades(person: Invite, api: Api) -> None:
    ann = await person("ann")
    await _open(api, ann, *(f"message {n}" for n in range(60)))
    await wheel(ann, -700)
    chip = ann.page.locator("[data-visible]")
    await expect(chip).to_have_attribute("data-visible", "true")
    await expect(chip).to_have_text("Today")
    await expect(chip).to_have_css("opacity", "0")
    await wheel(ann, -100)
    await expect(chip).to_have_attribute("data-visible", "true")


@pytest.mark.parametrize("width", ["desktop", "phone"])
async def test_the_jump_button_covers_neither_texts_nor_times(person: Invite, api: Api, width: Width) -> None:
    bob = await person(f"bob-{width}", width=width)
    conversation = await _open(api, bob)
    await api.say(bob.name, conversation, *(f"mine {n} " + "word " * (n % 9) for n in range(40)))
    if width == "desktop":
        await bob.page.set_viewport_size({"width": 1024, "height": 700})
    await expect(message(bob, "mine 39")).to_be_in_viewport()
    await wheel(bob, -800)
    await expect(jump(bob)).to_be_visible()
    edge = await log(bob).bounding_box()
    assert edge
    assert not await _overlap(jump(bob), log(bob))
    await bob.shot("jump")
    await jump(bob).click()
    await expect(jump(bob)).not_to_be_attached()
    await expect(message(bob, "mine 39")).to_be_in_viewport(ratio=1)


async def test_each_message_has_its_time_for_the_pointer(person: Invite, api: Api) -> None:
    cat = await person("cat")
    await _open(api, cat, "first", "second", "third")
    row = message(cat, "first")
    time = row.get_by_role("time")
    await cat.page.mouse.move(5, 5)
    beside = time.locator("..")
    await expect(beside).to_have_css("opacity", "0")
    await row.hover()
    await expect(beside).to_have_css("opacity", "1")
    for each in await messages(cat).get_by_role("time").all():
        moment = datetime.fromisoformat(await each.get_attribute("datetime") or "")
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=10)
        title = await each.get_attribute("title") or ""
        assert re.match(rf"\w+day.* {moment.day} \w+ {moment.year} at \d\d:\d\d$", title), title
    await cat.shot("hover")


async def test_dates_and_times_are_written_as_the_browser_does(person: Invite, api: Api) -> None:
    dan = await person("dan", locale="en-US")
    await _open(api, dan, "hello")
    await expect(message(dan, "hello").get_by_role("time")).to_have_text(re.compile(r"^\d?\d:\d\d\s[AP]M$"))
    eva = await person("eva", locale="de-DE")
    await _open(api, eva, "hello")
    await expect(eva.page.get_by_role("heading", name="Heute")).to_be_visible()


async def test_the_day_follows_the_clock_over_midnight(person: Invite, api: Api) -> None:
    fay = await person("fay")
    late = datetime.now(UTC).replace(hour=23, minute=59, second=30)
    await fay.page.clock.install(time=late)
    await fay.page.reload()
    await _open(api, fay, "hello")
    await expect(fay.page.get_by_role("heading", name="Today")).to_be_visible()
    await fay.page.clock.fast_forward(60_000)
    await expect(fay.page.get_by_role("heading", name="Yesterday")).to_be_visible()
    await expect(talk(fay, "max")).to_contain_text("Yesterday")


async def test_what_is_copied_are_the_texts(person: Invite, api: Api) -> None:
    gil = await person("gil")
    await _open(api, gil, "first", "long " * 300, "third")
    await messages(gil).last.evaluate("""last => {
        const first = document.querySelector('article');
        document.activeElement.blur();
        getSelection().setBaseAndExtent(first, 0, last, last.childNodes.length);
    }""")
    await gil.page.keyboard.press("Control+c")
    await field(gil).focus()
    await gil.page.keyboard.press("Control+v")
    lines = [line.strip() for line in (await field(gil).input_value()).splitlines() if line.strip()]
    assert lines == ["first", ("long " * 300).strip(), "third", "answer", "and more"]


async def test_what_is_replayed_is_announced_once(person: Invite, api: Api) -> None:
    hal = await person("hal")
    conversation = await _open(api, hal, "hello")
    await api.say("max", conversation, "Is this announced twice?")
    announced = hal.page.get_by_role("log", name="New messages").get_by_role("paragraph")
    await expect(announced.last).to_have_text("max: Is this announced twice?")
    async with hal.page.expect_websocket() as dialled:
        await hal.page.evaluate("window.dispatchEvent(new Event('online'))")
    await (await dialled.value).wait_for_event("framereceived", lambda frame: "synced" in str(frame))
    await api.say("max", conversation, "And this?")
    await expect(announced.last).to_have_text("max: And this?")
    texts = (
        await announced.all_inner_texts()
    )  # the first message is news only if the page was there before it
    assert texts[-2:] == ["max: Is this announced twice?", "max: And this?"]
    assert len(set(texts)) == len(texts)


async def test_a_short_thread_stands_together_at_the_end(person: Invite, api: Api) -> None:
    ida = await person("ida")
    await _open(api, ida, "hello")
    intro = await ida.page.get_by_text("This is the beginning").bounding_box()
    day = await ida.page.get_by_role("heading", name="Today").bounding_box()
    last, edge = await messages(ida).last.bounding_box(), await log(ida).bounding_box()
    assert intro
    assert day
    assert last
    assert edge
    assert 0 <= day["y"] - (intro["y"] + intro["height"]) < 40
    assert edge["y"] + edge["height"] - (last["y"] + last["height"]) < 40


async def test_ticks_stand_on_one_line_and_need_no_line_of_their_own(person: Invite, api: Api) -> None:
    jon = await person("jon")
    await _open(api, jon, "hello")
    inner, last = message(jon, "answer"), message(jon, "and more")
    low = [
        await each.evaluate("""row => row.querySelector('[data-delivery]').getBoundingClientRect().bottom
            - row.querySelector('[dir=auto]').getBoundingClientRect().bottom""")
        for each in (inner, last)
    ]
    assert low[0] == pytest.approx(low[1], abs=1)
    heights = await jon.page.evaluate("""() => {
        const texts = [...document.querySelectorAll('[dir=auto]')];
        const text = texts.find(found => found.textContent === 'answer');
        const heights = [];
        for (let length = 1; length < 200; length++) {
            text.textContent = 'i'.repeat(length);
            const range = document.createRange();
            range.selectNodeContents(text);
            heights.push(text.clientHeight - range.getBoundingClientRect().height);
        }
        return heights;
    }""")
    assert max(heights) < 10, "a line without text"


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_bubbles_and_marks_have_edges_in_forced_colours(person: Invite, api: Api, theme: Theme) -> None:
    kim = await person(f"kim-{theme}", theme=theme)
    conversation = await _open(api, kim, *(f"message {n}" for n in range(30)))
    await kim.page.emulate_media(forced_colors="active")
    await wheel(kim, -400)
    for marked in (messages(kim).first.locator("[data-has-time]"), jump(kim)):
        await expect(marked).to_have_css("border-top-style", "solid")
    await jump(kim).click()
    await kim.shot("forced-colours")
    await kim.page.keyboard.press("Escape")
    await api.say("max", conversation, "new")
    await talk(kim, "max").click()
    line = kim.page.get_by_role("heading", name="New messages")
    width = "line => getComputedStyle(line, '::before').borderTopWidth"
    await expect(line).to_be_visible()
    assert await line.evaluate(width) == "1px"


@pytest.mark.parametrize("width", ["desktop", "phone"])
async def test_nothing_of_a_thread_sticks_out_where_there_is_little_room(
    person: Invite, api: Api, width: Width
) -> None:
    lea = await person(f"lea-{width}-" + "x" * 100, width=width)
    await lea.page.set_viewport_size({"width": 320, "height": 640})
    await _open(api, lea, "w" * 8_000, "https://parley.example/" + "a" * 500, "short", peer="W" * 128)
    for row in await messages(lea).all():
        box = await row.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
    assert await lea.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await log(lea).evaluate("list => list.scrollWidth <= list.clientWidth")
    send = await lea.page.get_by_role("button", name="Send").bounding_box()
    assert send
    assert send["x"] + send["width"] <= 320
    await lea.shot("narrow")


async def test_the_composer_says_what_is_too_long_and_stops_explaining(person: Invite) -> None:
    mia = await person("mia")
    await online(mia)
    await start(mia, "ned")
    hint = mia.page.locator("#composer-hint")
    await expect(hint).to_be_visible()
    await field(mia).fill("x" * 8_010)
    await expect(mia.page.get_by_text("10 characters over the limit")).to_be_visible()
    await expect(mia.page.get_by_role("button", name="Send")).to_be_disabled()
    await field(mia).fill("\n".join(str(n) for n in range(40)))
    inset = await field(mia).evaluate("field => parseFloat(getComputedStyle(field).borderTopWidth)")
    assert inset >= 8
    await mia.shot("long-draft")
    await say(mia, "one", "two", "three")
    await expect(hint).not_to_be_attached()
    await mia.page.reload()
    await expect(field(mia)).to_be_visible()
    await expect(hint).not_to_be_attached()


async def test_enter_that_ends_a_composition_does_not_send(person: Invite) -> None:
    ned = await person("ned")
    await online(ned)
    await start(ned, "oli")
    await field(ned).fill("かな")
    for keys in ("isComposing: true", "keyCode: 229"):
        event = f"new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, {keys}}})"
        await field(ned).evaluate(f"field => field.dispatchEvent({event})")
    await expect(field(ned)).to_have_value("かな")
    await expect(messages(ned)).to_have_count(0)
