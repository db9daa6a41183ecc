"""The page around the thread: it fits, does not jump, and works whatever storage and network do."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Invite
from tests.browser.messenger import (
    Api,
    field,
    messages,
    online,
    reconnecting,
    sees,
    start,
    switcher,
    talk,
    talks,
    whole,
)

MAIL = "firstname.lastname@subsidiary.example-company.com"
LONG = "x" * 128
NOT_STORED = "drafts won't survive a reload"

OUTSIDE = """() => ['main', 'header', 'nav a', 'nav time', 'button', 'dialog', 'input', 'textarea']
    .flatMap(selector => [...document.querySelectorAll(selector)])
    .filter(element => element.checkVisibility() && getComputedStyle(element).clipPath === 'none')
    .map(element => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
    .filter(([, box]) => box.left < -1 || box.right > innerWidth + 1)
    .map(([html]) => html)"""


@pytest.mark.parametrize("width", [320, 390, 1024, 1280])
async def test_long_ids_fit(person: Invite, api: Api, width: int) -> None:
    ann = await person(MAIL, width="phone" if width < 720 else "desktop")
    conversation = await api.start(MAIL, LONG)
    if not await api.last_seq(MAIL, conversation):
        await api.say(LONG, conversation, "w" * 300)
    await ann.page.set_viewport_size({"width": width, "height": 640})
    await online(ann)
    await whole(ann)

    async def fits() -> None:
        assert await ann.page.evaluate("document.documentElement.scrollWidth") <= width
        assert await ann.page.evaluate(OUTSIDE) == []

    await expect(talk(ann, LONG)).to_contain_text("1 unread")
    side = await ann.page.get_by_role("region", name="Sidebar").bounding_box()
    assert side is not None
    assert side["width"] <= max(width if width < 720 else 0, 368)
    await fits()
    await ann.page.get_by_role("button", name="New conversation").click()
    await switcher(ann).get_by_role("combobox").fill("y" * 128)
    await expect(switcher(ann).get_by_role("option")).to_have_count(1)
    await fits()
    await ann.page.keyboard.press("Enter")
    await expect(field(ann)).to_be_visible()
    await fits()
    await ann.page.go_back()
    await ann.page.get_by_role("button", name="Signed in as").click()
    await expect(ann.page.get_by_role("menu")).to_be_visible()
    await fits()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_the_word_of_the_connection_waits_a_moment_and_moves_nothing(
    person: Invite, motion: str
) -> None:
    bea = await person("bea")
    await bea.page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
    await bea.page.route_web_socket("**/ws?*", lambda _: None)
    await bea.page.reload()
    word = reconnecting(bea).get_by_text("Connecting…")
    await expect(word).to_be_attached()
    shown = """(word, at) => {
        word.style.animation = 'none';
        word.getBoundingClientRect();
        word.style.animation = '';
        const [animation] = word.getAnimations();
        animation.pause();
        animation.currentTime = at;
        return getComputedStyle(word).visibility;
    }"""
    assert await word.evaluate(shown, 600) == "hidden"
    assert await word.evaluate(shown, 800) == "visible"
    shifts = await bea.page.evaluate("""() => new Promise(resolve => new PerformanceObserver(list =>
        resolve(list.getEntries().length)).observe({type: 'layout-shift', buffered: true})
        || setTimeout(() => resolve(0), 500))""")
    assert shifts == 0


async def test_tabs_agree_on_drafts_and_sending_clears_them_in_all(person: Invite) -> None:
    cal = await person("cal")
    await online(cal)
    await start(cal, "dee")
    tab = await cal.context.new_page()
    await tab.goto(cal.page.url)
    other = tab.get_by_role("textbox", name="Message to")
    await field(cal).fill("long draft")
    await expect(other).to_have_value("long draft")
    await other.press("End")
    await other.press_sequentially("s")
    await other.press("Backspace")
    await expect(field(cal)).to_have_value("long draft")
    await field(cal).press("Enter")
    await expect(other).to_have_value("")
    await other.press("Enter")
    await sees(cal, ["long draft"])


async def test_tabs_agree_on_the_theme(person: Invite) -> None:
    eve = await person("eve")
    await online(eve)
    tab = await eve.context.new_page()
    await tab.goto(eve.page.url)
    await eve.page.get_by_role("button", name="Signed in as eve").click()
    await eve.page.get_by_role("menuitemradio", name="Dark").click()
    await expect(tab.locator("html")).to_have_attribute("data-theme", "dark")


FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
DENIED = """Object.defineProperty(window, 'localStorage',
    {get() { throw new DOMException('denied', 'SecurityError') }})"""
ABSENT = "Object.defineProperty(window, 'localStorage', {value: null})"


@pytest.mark.parametrize("script", [FULL, DENIED, ABSENT], ids=["full", "denied", "absent"])
async def test_without_storage_everything_works_in_memory(
    person: Invite, script: str, request: pytest.FixtureRequest
) -> None:
    fay = await person(f"fay {request.node.callspec.id}")
    await fay.page.add_init_script(script)
    await fay.page.reload()
    await online(fay)
    await start(fay, "gil")
    await field(fay).press_sequentially("half")
    await expect(fay.page.get_by_text(NOT_STORED)).to_be_visible()
    await fay.shot("not-stored")
    await field(fay).press("Enter")
    await expect(messages(fay).get_by_role("img", name="Sent")).to_be_visible()
    await expect(fay.page.get_by_text(NOT_STORED)).not_to_be_attached()


FILL = """() => {
    for (let size = 1 << 22, n = 0; size > 0; size >>= 1) {
        try { for (;;) localStorage.setItem(`filler ${n++}`, 'x'.repeat(size)); } catch {}
    }
}"""


async def test_a_text_that_does_not_fit_in_storage_stays(person: Invite) -> None:
    hal = await person("hal")
    await online(hal)
    await start(hal, "ida")
    await hal.page.evaluate(FILL)
    await field(hal).fill("x" * 7_000)
    await expect(hal.page.get_by_text(NOT_STORED)).to_be_visible()
    await expect(field(hal)).to_have_value("x" * 7_000)
    await field(hal).press("Enter")
    await expect(messages(hal).get_by_role("img", name="Sent")).to_be_visible()
    await expect(hal.page.get_by_text(NOT_STORED)).not_to_be_attached()


async def test_requests_are_tried_when_the_browser_takes_itself_for_offline(person: Invite, api: Api) -> None:
    jan = await person("jan")
    await api.say("kim", await api.start("kim", "jan"), "hello")
    await online(jan)
    await expect(talk(jan, "kim")).to_be_visible()
    await jan.page.evaluate("""() => {
        Object.defineProperty(navigator, 'onLine', {get: () => false});
        window.dispatchEvent(new Event('offline'));
    }""")
    await talk(jan, "kim").click()
    await sees(jan, ["hello"])


async def test_an_error_stays_while_it_is_tried_again(person: Invite) -> None:
    lou = await person("lou")
    lou.lonely = True
    tries = asyncio.Semaphore(0)

    async def refuse(route: Route) -> None:
        tries.release()
        await route.fulfill(status=503, json={"code": "unavailable"})

    await lou.page.route("**/messages/conversations?*", refuse)
    await lou.page.reload()
    again = lou.page.get_by_role("button", name="Try again").filter(visible=True)
    await expect(again).to_be_visible(timeout=30_000)
    await again.evaluate("button => window.kept = button")
    for _ in range(tries._value + 3):
        await asyncio.wait_for(tries.acquire(), 60)
    assert await lou.page.evaluate("window.kept.isConnected && window.kept.checkVisibility()")
    await lou.page.unroute("**/messages/conversations?*")
    await again.click()
    await expect(
        lou.page.get_by_role("heading", name="No conversations yet").filter(visible=True)
    ).to_be_visible()


async def test_fingers_find_what_they_tap(person: Invite, api: Api) -> None:
    """44 pixels are the platforms' minimum; fields below 16 make Safari zoom."""
    mia = await person("mia", width="phone")
    await api.start("mia", "ned")
    await online(mia)
    small = """() => [...document.querySelectorAll('main button')]
        .filter(button => button.checkVisibility() && getComputedStyle(button).clipPath === 'none')
        .filter(button => Math.min(button.offsetWidth, button.offsetHeight) < 44)
        .map(button => button.outerHTML.slice(0, 80))"""
    assert await mia.page.evaluate(small) == []
    await talk(mia, "ned").click()
    await expect(field(mia)).to_be_visible()
    assert await mia.page.evaluate(small) == []
    assert await field(mia).evaluate("field => parseFloat(getComputedStyle(field).fontSize)") >= 16


async def test_in_forced_colours_the_open_conversation_and_badges_have_a_shape(
    person: Invite, api: Api
) -> None:
    ola = await person("ola")
    await api.say("pia", await api.start("pia", "ola"), "one")
    await api.say("quy", await api.start("quy", "ola"), "two")
    await ola.page.emulate_media(forced_colors="active")
    await online(ola)
    await talk(ola, "pia").click()
    await expect(field(ola)).to_be_visible()
    outline = "row => getComputedStyle(row).outlineStyle"
    await expect(talk(ola, "pia")).to_have_attribute("aria-current", "page")
    await ola.page.mouse.move(0, 0)
    await field(ola).focus()
    assert await talk(ola, "pia").evaluate(outline) == "solid"
    assert await talk(ola, "quy").evaluate(outline) == "none"
    badge = talk(ola, "quy").get_by_text("1", exact=True).locator("..")
    assert await badge.evaluate("badge => getComputedStyle(badge).borderTopStyle") == "solid"
    await ola.shot("forced-colours")


async def test_labels_of_the_list_follow_the_clock(person: Invite, api: Api) -> None:
    ray = await person("ray")
    await api.say("sue", await api.start("sue", "ray"), "today")
    await online(ray)
    label = talk(ray, "sue").locator("time")
    midnight = await label.evaluate("""time => {
        const day = new Date(time.dateTime); day.setHours(23, 59, 50, 0); return day.getTime()
    }""")
    await ray.page.clock.install(time=midnight / 1000)
    await ray.page.reload()
    await online(ray)
    await expect(label).not_to_have_text("Yesterday")
    await ray.page.clock.run_for(15_000)
    await expect(label).to_have_text("Yesterday")


async def test_what_is_shortened_in_the_list_ends_between_characters(person: Invite, api: Api) -> None:
    tea = await person("tea")
    await api.say("uma", await api.start("uma", "tea"), "i" * 119 + "😀 more")
    await expect(talks(tea)).to_contain_text(["i" * 119])
    assert await talk(tea, "uma").evaluate("row => row.textContent.isWellFormed()")
