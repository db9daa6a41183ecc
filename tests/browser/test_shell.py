"""The page around the thread: layout, storage and network failures."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.chat_page import (
    Api,
    composer,
    connection_status,
    conversation_link,
    conversation_links,
    expect_texts,
    messages,
    open_conversation,
    switcher,
    wait_for_lazy_components,
    wait_until_online,
)
from tests.browser.conftest import OpenPage
from tests.browser.person import Width

MAIL = "firstname.lastname@subsidiary.example-company.com"
LONG = "x" * 128
NOT_STORED = "drafts won't survive a reload"

OUTSIDE = """() => ['main', 'header', 'nav a', 'nav time', 'button', 'dialog', 'input', 'textarea']
    .flatMap(selector => [...document.querySelectorAll(selector)])
    .filter(element => element.checkVisibility() && getComputedStyle(element).clipPath === 'none')
    .map(element => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
    .filter(([, box]) => box.left < -1 || box.right > innerWidth + 1)
    .map(([html]) => html)"""


@pytest.mark.parametrize("width", ["desktop", "phone"])
async def test_with_auth_dev_the_page_states_that_identities_are_not_checked(
    person: OpenPage, width: Width
) -> None:
    ann = await person("ann", width=width)
    await wait_until_online(ann)
    notice = ann.page.get_by_role("note")
    await expect(notice).to_have_text("Development server: identities are not checked.")
    await expect(notice).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [320, 390, 1024, 1280])
async def test_long_ids_fit(person: OpenPage, api: Api, width: int) -> None:
    ann = await person(MAIL, width="phone" if width < 720 else "desktop")
    conversation = await api.start_conversation(MAIL, LONG)
    if not await api.last_seq(MAIL, conversation):
        await api.send(LONG, conversation, "w" * 300)
    await ann.page.set_viewport_size({"width": width, "height": 640})
    await wait_until_online(ann)
    await wait_for_lazy_components(ann)

    async def fits() -> None:
        assert await ann.page.evaluate("document.documentElement.scrollWidth") <= width
        assert await ann.page.evaluate(OUTSIDE) == []

    await expect(conversation_link(ann, LONG)).to_contain_text("1 unread")
    side = await ann.page.get_by_role("region", name="Sidebar").bounding_box()
    assert side is not None
    assert side["width"] <= max(width if width < 720 else 0, 368)
    await fits()
    await ann.page.get_by_role("button", name="New conversation").click()
    await switcher(ann).get_by_role("combobox").fill("y" * 128)
    await expect(switcher(ann).get_by_role("option")).to_have_count(1)
    await fits()
    await ann.page.keyboard.press("Enter")
    await expect(composer(ann)).to_be_visible()
    await fits()
    await ann.page.go_back()
    await ann.page.get_by_role("button", name="Signed in as").click()
    await expect(ann.page.get_by_role("menu")).to_be_visible()
    await fits()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_the_connection_bar_is_delayed_and_shifts_no_layout(person: OpenPage, motion: str) -> None:
    bea = await person("bea")
    await bea.page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
    await bea.page.route_web_socket("**/ws?*", lambda _: None)
    await bea.page.reload()
    notice = connection_status(bea).get_by_text("Connecting…")
    await expect(notice).to_be_attached()
    visibility = """(word, at) => {
        word.style.animation = 'none';
        word.getBoundingClientRect();
        word.style.animation = '';
        const [animation] = word.getAnimations();
        animation.pause();
        animation.currentTime = at;
        return getComputedStyle(word).visibility;
    }"""
    assert await notice.evaluate(visibility, 600) == "hidden"
    assert await notice.evaluate(visibility, 800) == "visible"
    shifts = await bea.page.evaluate("""() => new Promise(resolve => new PerformanceObserver(list =>
        resolve(list.getEntries().length)).observe({type: 'layout-shift', buffered: true})
        || setTimeout(() => resolve(0), 500))""")
    assert shifts == 0


async def test_tabs_share_drafts_and_sending_clears_them_in_all(person: OpenPage) -> None:
    cal = await person("cal")
    await wait_until_online(cal)
    await open_conversation(cal, "dee")
    tab = await cal.context.new_page()
    await tab.goto(cal.page.url)
    other = tab.get_by_role("textbox", name="Message to")
    await composer(cal).fill("long draft")
    await expect(other).to_have_value("long draft")
    await other.press("End")
    await other.press_sequentially("s")
    await other.press("Backspace")
    await expect(composer(cal)).to_have_value("long draft")
    await composer(cal).press("Enter")
    await expect(other).to_have_value("")
    await other.press("Enter")
    await expect_texts(cal, ["long draft"])


async def test_tabs_share_the_theme(person: OpenPage) -> None:
    eve = await person("eve")
    await wait_until_online(eve)
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
    person: OpenPage, script: str, request: pytest.FixtureRequest
) -> None:
    fay = await person(f"fay {request.node.callspec.id}")
    await fay.page.add_init_script(script)
    await fay.page.reload()
    await wait_until_online(fay)
    await open_conversation(fay, "gil")
    await composer(fay).press_sequentially("half")
    await expect(fay.page.get_by_text(NOT_STORED)).to_be_visible()
    await fay.screenshot("not-stored")
    await composer(fay).press("Enter")
    await expect(messages(fay).get_by_role("img", name="Sent")).to_be_visible()
    await expect(fay.page.get_by_text(NOT_STORED)).not_to_be_attached()


FILL = """() => {
    for (let size = 1 << 22, n = 0; size > 0; size >>= 1) {
        try { for (;;) localStorage.setItem(`filler ${n++}`, 'x'.repeat(size)); } catch {}
    }
}"""


async def test_a_draft_too_large_for_storage_is_kept(person: OpenPage) -> None:
    hal = await person("hal")
    await wait_until_online(hal)
    await open_conversation(hal, "ida")
    await hal.page.evaluate(FILL)
    await composer(hal).fill("x" * 7_000)
    await expect(hal.page.get_by_text(NOT_STORED)).to_be_visible()
    await expect(composer(hal)).to_have_value("x" * 7_000)
    await composer(hal).press("Enter")
    await expect(messages(hal).get_by_role("img", name="Sent")).to_be_visible()
    await expect(hal.page.get_by_text(NOT_STORED)).not_to_be_attached()


async def test_requests_are_sent_when_the_browser_reports_itself_offline(person: OpenPage, api: Api) -> None:
    jan = await person("jan")
    await api.send("kim", await api.start_conversation("kim", "jan"), "hello")
    await wait_until_online(jan)
    await expect(conversation_link(jan, "kim")).to_be_visible()
    await jan.page.evaluate("""() => {
        Object.defineProperty(navigator, 'onLine', {get: () => false});
        window.dispatchEvent(new Event('offline'));
    }""")
    await conversation_link(jan, "kim").click()
    await expect_texts(jan, ["hello"])


async def test_an_error_stays_visible_during_retries(person: OpenPage) -> None:
    lou = await person("lou")
    lou.tolerates_disconnects = True
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


async def test_touch_targets_are_large_enough(person: OpenPage, api: Api) -> None:
    """44 px is the platforms' minimum; Safari zooms into fields with text below 16 px."""
    mia = await person("mia", width="phone")
    await api.start_conversation("mia", "ned")
    await wait_until_online(mia)
    small = """() => [...document.querySelectorAll('main button')]
        .filter(button => button.checkVisibility() && getComputedStyle(button).clipPath === 'none')
        .filter(button => Math.min(button.offsetWidth, button.offsetHeight) < 44)
        .map(button => button.outerHTML.slice(0, 80))"""
    assert await mia.page.evaluate(small) == []
    await conversation_link(mia, "ned").click()
    await expect(composer(mia)).to_be_visible()
    assert await mia.page.evaluate(small) == []
    assert await composer(mia).evaluate("field => parseFloat(getComputedStyle(field).fontSize)") >= 16


async def test_forced_colours_outline_the_open_conversation_and_badges(person: OpenPage, api: Api) -> None:
    ola = await person("ola")
    await api.send("pia", await api.start_conversation("pia", "ola"), "one")
    await api.send("quy", await api.start_conversation("quy", "ola"), "two")
    await ola.page.emulate_media(forced_colors="active")
    await wait_until_online(ola)
    await conversation_link(ola, "pia").click()
    await expect(composer(ola)).to_be_visible()
    outline = "row => getComputedStyle(row).outlineStyle"
    await expect(conversation_link(ola, "pia")).to_have_attribute("aria-current", "page")
    await ola.page.mouse.move(0, 0)
    await composer(ola).focus()
    assert await conversation_link(ola, "pia").evaluate(outline) == "solid"
    assert await conversation_link(ola, "quy").evaluate(outline) == "none"
    badge = conversation_link(ola, "quy").get_by_text("1", exact=True).locator("..")
    assert await badge.evaluate("badge => getComputedStyle(badge).borderTopStyle") == "solid"
    await ola.screenshot("forced-colours")


async def test_labels_of_the_list_follow_the_clock(person: OpenPage, api: Api) -> None:
    ray = await person("ray")
    await api.send("sue", await api.start_conversation("sue", "ray"), "today")
    await wait_until_online(ray)
    label = conversation_link(ray, "sue").locator("time")
    midnight = await label.evaluate("""time => {
        const day = new Date(time.dateTime); day.setHours(23, 59, 50, 0); return day.getTime()
    }""")
    await ray.page.clock.install(time=midnight / 1000)
    await ray.page.reload()
    await wait_until_online(ray)
    await expect(label).not_to_have_text("Yesterday")
    await ray.page.clock.run_for(15_000)
    await expect(label).to_have_text("Yesterday")


async def test_previews_are_truncated_between_characters(person: OpenPage, api: Api) -> None:
    tea = await person("tea")
    await api.send("uma", await api.start_conversation("uma", "tea"), "i" * 119 + "😀 more")
    await expect(conversation_links(tea)).to_contain_text(["i" * 119])
    assert await conversation_link(tea, "uma").evaluate("row => row.textContent.isWellFormed()")
