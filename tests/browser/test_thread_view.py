"""What a thread shows beside the texts: days, times and delivery status; and what is copied from it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, expect

from tests.browser.chat_page import (
    Api,
    composer,
    conversation_link,
    jump_button,
    message,
    message_list,
    messages,
    open_conversation,
    scroll,
    send,
    wait_for_thread,
    wait_until_online,
)
from tests.browser.conftest import OpenPage
from tests.browser.person import Person, Theme, Width


async def _open(api: Api, reader: Person, *texts: str, peer: str = "max") -> str:
    """Open a conversation with these texts by the peer and an answer by the reader."""
    conversation = await api.start_conversation(peer, reader.name)
    await api.send(peer, conversation, *texts)
    await api.send(reader.name, conversation, "answer", "and more")
    await wait_until_online(reader)
    await conversation_link(reader, peer[:20]).click()
    await wait_for_thread(reader)
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


async def test_the_day_is_shown_while_scrolling(person: OpenPage, api: Api) -> None:
    ann = await person("ann")
    await _open(api, ann, *(f"message {n}" for n in range(60)))
    await scroll(ann, -700)
    chip = ann.page.locator("[data-visible]")
    await expect(chip).to_have_attribute("data-visible", "true")
    await expect(chip).to_have_text("Today")
    await expect(chip).to_have_css("opacity", "0")
    await scroll(ann, -100)
    await expect(chip).to_have_attribute("data-visible", "true")


@pytest.mark.parametrize("width", ["desktop", "phone"])
async def test_the_jump_button_covers_neither_texts_nor_times(
    person: OpenPage, api: Api, width: Width
) -> None:
    bob = await person(f"bob-{width}", width=width)
    conversation = await _open(api, bob)
    await api.send(bob.name, conversation, *(f"mine {n} " + "word " * (n % 9) for n in range(40)))
    if width == "desktop":
        await bob.page.set_viewport_size({"width": 1024, "height": 700})
    await expect(message(bob, "mine 39")).to_be_in_viewport()
    await scroll(bob, -800)
    await expect(jump_button(bob)).to_be_visible()
    edge = await message_list(bob).bounding_box()
    assert edge
    assert not await _overlap(jump_button(bob), message_list(bob))
    await bob.screenshot("jump")
    await jump_button(bob).click()
    await expect(jump_button(bob)).not_to_be_attached()
    await expect(message(bob, "mine 39")).to_be_in_viewport(ratio=1)


async def test_each_message_shows_its_time_on_hover(person: OpenPage, api: Api) -> None:
    cat = await person("cat")
    await _open(api, cat, "first", "second", "third")
    row = message(cat, "first")
    time = row.get_by_role("time")
    await cat.page.mouse.move(5, 5)
    hover_time = time.locator("..")
    await expect(hover_time).to_have_css("opacity", "0")
    await row.hover()
    await expect(hover_time).to_have_css("opacity", "1")
    for element in await messages(cat).get_by_role("time").all():
        moment = datetime.fromisoformat(await element.get_attribute("datetime") or "")
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=10)
        title = await element.get_attribute("title") or ""
        assert re.match(rf"\w+day.* {moment.day} \w+ {moment.year} at \d\d:\d\d$", title), title
    await cat.screenshot("hover")


async def test_dates_and_times_follow_the_locale(person: OpenPage, api: Api) -> None:
    dan = await person("dan", locale="en-US")
    await _open(api, dan, "hello")
    await expect(message(dan, "hello").get_by_role("time")).to_have_text(re.compile(r"^\d?\d:\d\d\s[AP]M$"))
    eva = await person("eva", locale="de-DE")
    await _open(api, eva, "hello")
    await expect(eva.page.get_by_role("heading", name="Heute")).to_be_visible()


async def test_the_day_follows_the_clock_over_midnight(person: OpenPage, api: Api) -> None:
    fay = await person("fay")
    late = datetime.now(UTC).replace(hour=23, minute=59, second=30)
    await fay.page.clock.install(time=late)
    await fay.page.reload()
    await _open(api, fay, "hello")
    await expect(fay.page.get_by_role("heading", name="Today")).to_be_visible()
    await fay.page.clock.fast_forward(60_000)
    await expect(fay.page.get_by_role("heading", name="Yesterday")).to_be_visible()
    await expect(conversation_link(fay, "max")).to_contain_text("Yesterday")


async def test_copying_takes_only_texts(person: OpenPage, api: Api) -> None:
    gil = await person("gil")
    await _open(api, gil, "first", "long " * 300, "third")
    await messages(gil).last.evaluate("""last => {
        const first = document.querySelector('article');
        document.activeElement.blur();
        getSelection().setBaseAndExtent(first, 0, last, last.childNodes.length);
    }""")
    await gil.page.keyboard.press("Control+c")
    await composer(gil).focus()
    await gil.page.keyboard.press("Control+v")
    lines = [line.strip() for line in (await composer(gil).input_value()).splitlines() if line.strip()]
    assert lines == ["first", ("long " * 300).strip(), "third", "answer", "and more"]


async def test_replayed_messages_are_announced_once(person: OpenPage, api: Api) -> None:
    hal = await person("hal")
    conversation = await _open(api, hal, "hello")
    await api.send("max", conversation, "Is this announced twice?")
    announced = hal.page.get_by_role("log", name="New messages").get_by_role("paragraph")
    await expect(announced.last).to_have_text("max: Is this announced twice?")
    async with hal.page.expect_websocket() as dialled:
        await hal.page.evaluate("window.dispatchEvent(new Event('online'))")
    await (await dialled.value).wait_for_event("framereceived", lambda frame: "synced" in str(frame))
    await api.send("max", conversation, "And this?")
    await expect(announced.last).to_have_text("max: And this?")
    # The first message is announced only if the page was open before it.
    texts = await announced.all_inner_texts()
    assert texts[-2:] == ["max: Is this announced twice?", "max: And this?"]
    assert len(set(texts)) == len(texts)


async def test_a_short_thread_is_aligned_to_the_end(person: OpenPage, api: Api) -> None:
    ida = await person("ida")
    await _open(api, ida, "hello")
    intro = await ida.page.get_by_text("This is the beginning").bounding_box()
    day = await ida.page.get_by_role("heading", name="Today").bounding_box()
    last, edge = await messages(ida).last.bounding_box(), await message_list(ida).bounding_box()
    assert intro
    assert day
    assert last
    assert edge
    assert 0 <= day["y"] - (intro["y"] + intro["height"]) < 40
    assert edge["y"] + edge["height"] - (last["y"] + last["height"]) < 40


async def test_delivery_status_is_aligned_and_takes_no_line_of_its_own(person: OpenPage, api: Api) -> None:
    jon = await person("jon")
    await _open(api, jon, "hello")
    inner, last = message(jon, "answer"), message(jon, "and more")
    low = [
        await element.evaluate("""row => row.querySelector('[data-delivery]').getBoundingClientRect().bottom
            - row.querySelector('[dir=auto]').getBoundingClientRect().bottom""")
        for element in (inner, last)
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
async def test_forced_colours_outline_bubbles_and_buttons(person: OpenPage, api: Api, theme: Theme) -> None:
    kim = await person(f"kim-{theme}", theme=theme)
    conversation = await _open(api, kim, *(f"message {n}" for n in range(30)))
    await kim.page.emulate_media(forced_colors="active")
    await scroll(kim, -400)
    for marked in (messages(kim).first.locator("[data-has-time]"), jump_button(kim)):
        await expect(marked).to_have_css("border-top-style", "solid")
    await jump_button(kim).click()
    await kim.screenshot("forced-colours")
    await kim.page.keyboard.press("Escape")
    await api.send("max", conversation, "new")
    await conversation_link(kim, "max").click()
    line = kim.page.get_by_role("heading", name="New messages")
    width = "line => getComputedStyle(line, '::before').borderTopWidth"
    await expect(line).to_be_visible()
    assert await line.evaluate(width) == "1px"


@pytest.mark.parametrize("width", ["desktop", "phone"])
async def test_a_thread_fits_narrow_screens(person: OpenPage, api: Api, width: Width) -> None:
    lea = await person(f"lea-{width}-" + "x" * 100, width=width)
    await lea.page.set_viewport_size({"width": 320, "height": 640})
    await _open(api, lea, "w" * 8_000, "https://parley.example/" + "a" * 500, "short", peer="W" * 128)
    for row in await messages(lea).all():
        box = await row.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
    assert await lea.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await message_list(lea).evaluate("list => list.scrollWidth <= list.clientWidth")
    send = await lea.page.get_by_role("button", name="Send").bounding_box()
    assert send
    assert send["x"] + send["width"] <= 320
    await lea.screenshot("narrow")


async def test_the_composer_counts_excess_characters_and_hides_its_hint(person: OpenPage) -> None:
    mia = await person("mia")
    await wait_until_online(mia)
    await open_conversation(mia, "ned")
    hint = mia.page.locator("#composer-hint")
    await expect(hint).to_be_visible()
    await composer(mia).fill("x" * 8_010)
    await expect(mia.page.get_by_text("10 characters over the limit")).to_be_visible()
    await expect(mia.page.get_by_role("button", name="Send")).to_be_disabled()
    await composer(mia).fill("\n".join(str(n) for n in range(40)))
    inset = await composer(mia).evaluate("field => parseFloat(getComputedStyle(field).borderTopWidth)")
    assert inset >= 8
    await mia.screenshot("long-draft")
    await send(mia, "one", "two", "three")
    await expect(hint).not_to_be_attached()
    await mia.page.reload()
    await expect(composer(mia)).to_be_visible()
    await expect(hint).not_to_be_attached()


async def test_enter_in_a_composition_does_not_send(person: OpenPage) -> None:
    ned = await person("ned")
    await wait_until_online(ned)
    await open_conversation(ned, "oli")
    await composer(ned).fill("かな")
    for keys in ("isComposing: true", "keyCode: 229"):
        event = f"new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, {keys}}})"
        await composer(ned).evaluate(f"field => field.dispatchEvent({event})")
    await expect(composer(ned)).to_have_value("かな")
    await expect(messages(ned)).to_have_count(0)
