"""Two users, each with their own browser, exchange messages."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import (
    Api,
    composer,
    conversation_link,
    expect_texts,
    message,
    messages,
    open_conversation,
    open_shared_conversation,
    scroll,
    send,
    wait_for_thread,
    wait_until_online,
)
from tests.browser.conftest import OpenPage
from tests.browser.person import Width

MOST_ARE_NEW = re.compile("^Jump to latest, [3-6][0-9] new$")
"""Of sixty unread messages: those in view are read."""

HOSTILE = {
    "markup": "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script><b>b</b>",
    "script-url": "javascript:document.title='owned' [x](javascript:alert(1)) data:text/html,<b>x</b>",
    "bidi": "\u202egnp.exe \u2066 \u2067 abc \u200f\u202d",
    "template": "{{7*7}} ${7*7} %3Cscript%3E &lt;b&gt; \\u003cb\\u003e",
    "long": ("0123456789" * 800),
    "long-lines": "\n".join(str(n) for n in range(1_500)),
    "combining": "Z" + "\u0301" * 500,
}


async def test_two_users_exchange_messages(person: OpenPage) -> None:
    ann, bob = await person("ann"), await person("bob")
    await open_shared_conversation(ann, bob)
    expected: list[str] = []
    for n in range(4):
        await send(ann, f"ann {n}")
        await expect_texts(bob, [*expected, f"ann {n}"])
        await send(bob, f"bob {n}")
        expected += [f"ann {n}", f"bob {n}"]
        for reader in (ann, bob):
            await expect_texts(reader, expected)
    await ann.screenshot("talk")


async def test_delivery_status_is_shown(person: OpenPage) -> None:
    cat, dan = await person("cat"), await person("dan")
    await wait_until_online(cat, dan)
    await open_conversation(cat, "dan")
    await send(cat, "there?")
    await expect(message(cat, "there?").get_by_role("img", name="Sent")).to_be_visible()
    await conversation_link(dan, "cat").click()
    await expect(message(cat, "there?").get_by_role("img", name="Read")).to_be_visible()


async def test_unread_messages_are_counted_in_the_list_and_the_title(person: OpenPage) -> None:
    eve, fay = await person("eve"), await person("fay")
    await wait_until_online(eve, fay)
    await open_conversation(eve, "fay")
    await send(eve, "one", "two", "three")
    await expect(conversation_link(fay, "eve")).to_contain_text("3 unread")
    await expect(fay.page).to_have_title("(3) Parley")
    await conversation_link(fay, "eve").click()
    await expect(fay.page.get_by_role("heading", name="New messages")).to_be_visible()
    await expect(conversation_link(fay, "eve")).not_to_contain_text("unread")
    await expect(fay.page).to_have_title("Parley")
    await fay.page.reload()
    await expect(conversation_link(fay, "eve")).not_to_contain_text("unread")


async def test_enter_sends_and_shift_enter_is_a_new_line(person: OpenPage) -> None:
    gil = await person("gil")
    await wait_until_online(gil)
    await open_conversation(gil, "hal")
    await composer(gil).press_sequentially("one")
    await composer(gil).press("Shift+Enter")
    await composer(gil).press_sequentially("two")
    await expect(composer(gil)).to_have_value("one\ntwo")
    await composer(gil).press("Enter")
    await expect_texts(gil, ["one\ntwo"])
    await composer(gil).fill("   ")
    await expect(gil.page.get_by_role("button", name="Send")).to_be_disabled()


async def test_a_draft_is_kept_per_conversation(person: OpenPage, api: Api) -> None:
    await api.start_conversation("ida", "jon")
    ida = await person("ida")
    await wait_until_online(ida)
    await open_conversation(ida, "jon")
    await composer(ida).fill("half a thou")
    await open_conversation(ida, "kim")
    await expect(composer(ida)).to_have_value("")
    await expect(conversation_link(ida, "jon")).to_contain_text("Draft: half a thou")
    await ida.page.reload()
    await conversation_link(ida, "jon").click()
    await expect(composer(ida)).to_have_value("half a thou")


async def test_an_emoji_is_inserted_at_the_caret(person: OpenPage) -> None:
    lee = await person("lee")
    await wait_until_online(lee)
    await open_conversation(lee, "max")
    await composer(lee).fill("ab")
    await composer(lee).press("ArrowLeft")
    await lee.page.get_by_role("button", name="Emoji").click()
    await lee.page.get_by_role("searchbox", name="Search emoji").fill("party popper")
    await lee.page.get_by_role("gridcell", name="Party popper").click()
    await expect(composer(lee)).to_have_value("a🎉b")
    await expect(composer(lee)).to_be_focused()
    await composer(lee).press("Enter")
    await expect_texts(lee, ["a🎉b"])


_PLACE = """() => {
    const edge = document.querySelector('[role=log][tabindex]').getBoundingClientRect().top;
    const rows = [...document.querySelectorAll('[data-seq]')];
    const row = window.looked ??= rows.find(row => row.getBoundingClientRect().bottom > edge + 1);
    return row.getBoundingClientRect().top - edge;
}"""
"""Offset, in pixels from the top edge, of the message that was topmost at the first call."""


async def test_new_messages_do_not_move_the_reader(person: OpenPage, api: Api) -> None:
    conversation = await api.start_conversation("ned", "oli")
    await api.send("oli", conversation, *(f"old {n}" for n in range(60)))
    ned = await person("ned")
    await wait_until_online(ned)
    await conversation_link(ned, "oli").click()
    await expect(messages(ned).first).to_be_visible()
    jump = ned.page.get_by_role("button", name="Jump to latest")
    await expect(message(ned, "old 0").first).to_be_in_viewport()
    await expect(jump).to_have_accessible_name(MOST_ARE_NEW)
    await jump.click()
    await expect(message(ned, "old 59")).to_be_in_viewport()
    await expect(conversation_link(ned, "oli")).not_to_contain_text("unread")

    log = ned.page.get_by_role("log", name="Messages", exact=True)
    await log.hover()
    await ned.page.mouse.wheel(0, -900)
    await expect(jump).to_have_accessible_name("Jump to latest")
    await ned.page.wait_for_timeout(500)
    before = await ned.page.evaluate(_PLACE)
    await api.send("oli", conversation, "new 0", "new 1")
    await expect(jump).to_have_accessible_name("Jump to latest, 2 new")
    assert await ned.page.evaluate(_PLACE) == pytest.approx(before, abs=2)
    await expect(message(ned, "new 1")).not_to_be_in_viewport()
    await jump.click()
    await expect(message(ned, "new 1")).to_be_in_viewport()
    await expect(ned.page.get_by_role("heading", name="New messages")).to_be_in_viewport()
    await expect(jump).not_to_be_attached()


async def _unread(api: Api, me: str) -> int:
    answer = await api.client.get("/messages/conversations", params={"meId": me})
    return sum(item["unreadCount"] for item in answer.raise_for_status().json()["items"])


_MEASURES_LATE = """() => {
    const Usual = window.ResizeObserver;
    window.ResizeObserver = class extends Usual {
        constructor(callback) { super((...sizes) => setTimeout(() => callback(...sizes), 200)); }
    };
}"""


async def test_unread_messages_stay_unread_while_layout_is_slow(person: OpenPage, api: Api) -> None:
    conversation = await api.start_conversation("kit", "lou")
    await api.send("lou", conversation, *(f"old {n}" for n in range(60)))
    kit = await person("kit")
    await kit.page.add_init_script(f"({_MEASURES_LATE})()")
    await kit.page.reload()
    await wait_until_online(kit)
    await conversation_link(kit, "lou").click()
    await expect(message(kit, "old 0").first).to_be_in_viewport()
    await expect(kit.page.get_by_role("button", name=MOST_ARE_NEW)).to_be_visible()
    await wait_for_thread(kit)
    assert await _unread(api, "kit") >= 30


async def test_visible_messages_are_read_while_layout_is_slow(person: OpenPage, api: Api) -> None:
    conversation = await api.start_conversation("moe", "nan")
    await api.send("nan", conversation, "one", "two", "three")
    moe = await person("moe")
    await moe.page.add_init_script(f"({_MEASURES_LATE})()")
    await moe.page.reload()
    await conversation_link(moe, "nan").click()
    await expect(message(moe, "three")).to_be_in_viewport()
    await expect(conversation_link(moe, "nan")).not_to_contain_text("unread")


async def test_messages_stay_unread_for_a_reader_just_above_the_end(person: OpenPage, api: Api) -> None:
    conversation = await api.start_conversation("ora", "pat")
    await api.send("pat", conversation, *(f"old {n}" for n in range(60)))
    ora = await person("ora")
    await conversation_link(ora, "pat").click()
    jump = ora.page.get_by_role("button", name="Jump to latest")
    await jump.click()
    await expect(conversation_link(ora, "pat")).not_to_contain_text("unread")
    await scroll(ora, -54)
    await expect(jump).to_be_visible()
    await api.send("pat", conversation, "new")
    await expect(ora.page.get_by_role("button", name="Jump to latest, 1 new")).to_be_visible()


_WITHIN = """row => {
    const text = row.querySelector('[dir=auto]'), bubble = text.parentElement.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(text);
    return ['clip', 'hidden'].includes(getComputedStyle(text).overflow) && [...range.getClientRects()].every(
        ({left, right}) => left >= bubble.left - 1 && right <= bubble.right + 1);
}"""
"""Whether lines are no wider than their bubble and overflow, as of stacked combining marks, is clipped."""


@pytest.mark.parametrize("kind", HOSTILE)
async def test_hostile_text_is_shown_as_text(person: OpenPage, api: Api, kind: str) -> None:
    """Text is shown as sent: it is no markup or script and does not leave its bubble."""
    conversation = await api.start_conversation("mallory", f"reader-{kind}")
    await api.send("mallory", conversation, HOSTILE[kind], "after")
    reader = await person(f"reader-{kind}")
    await wait_until_online(reader)
    await conversation_link(reader, "mallory").click()
    texts = messages(reader).locator("[dir=auto]")
    await expect(texts).to_have_count(2)
    assert await texts.first.text_content() == HOSTILE[kind]
    assert await texts.first.locator(":not(bdi, a)").count() == 0
    for link in await texts.first.get_by_role("link").all():
        assert re.match(r"(https?://|mailto:)", await link.get_attribute("href") or "")
    await expect(reader.page).to_have_title(re.compile("Parley$"))
    width = await reader.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0, "something sticks out"
    assert await messages(reader).first.evaluate(_WITHIN), "it leaves its bubble"
    await reader.screenshot(f"text-{kind}")


_APART = """row => {
    const range = document.createRange();
    range.selectNodeContents(row.querySelector('[dir=auto]'));
    const time = row.querySelector('time').getBoundingClientRect();
    return [...range.getClientRects()].every(line => line.right <= time.left || line.left >= time.right
        || line.bottom <= time.top || line.top >= time.bottom);
}"""
"""Whether no line of the text overlaps the time."""


@pytest.mark.parametrize("width", ["desktop", "phone"])
@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("שלום, ann!", "rtl"),
        ("مرحبا " * 30, "rtl"),
        ("hello, שלום!", "ltr"),
        ("hello\nשלום", "ltr"),
        ("שלום\nhello", "rtl"),
    ],
)
async def test_text_has_its_own_direction(
    person: OpenPage, api: Api, text: str, direction: str, width: Width
) -> None:
    name = f"reader-{direction}-{len(text)}-{width}"
    conversation = await api.start_conversation("dana", name)
    await api.send("dana", conversation, text)
    await api.send(name, conversation, text)
    reader = await person(name, width=width)
    await wait_until_online(reader)
    await conversation_link(reader, "dana").click()
    await wait_for_thread(reader)
    for row in await messages(reader).all():
        texts = row.locator("[dir=auto]")
        assert await texts.evaluate("found => getComputedStyle(found).direction") == direction
        assert await row.evaluate(_APART), "the time is over the text"
    await reader.screenshot(f"text-{direction}")


async def test_a_bidi_override_does_not_affect_its_surroundings(person: OpenPage, api: Api) -> None:
    """The time beside the name keeps its place."""
    conversation = await api.start_conversation("\u202eevil", "pam")
    await api.send("\u202eevil", conversation, HOSTILE["bidi"])
    pam = await person("pam")
    await wait_until_online(pam)
    lines = pam.page.get_by_role("navigation", name="Conversations").get_by_role("link")
    time, name = lines.get_by_role("time"), lines.locator("bdi").first
    await expect(name).to_contain_text("evil")
    name_box, time_box = await name.bounding_box(), await time.bounding_box()
    assert name_box
    assert time_box
    assert name_box["x"] < time_box["x"]


async def test_a_link_opens_in_a_new_tab_without_referrer(person: OpenPage) -> None:
    quin = await person("quin")
    await wait_until_online(quin)
    await open_conversation(quin, "rob")
    await send(quin, "see https://parley.example/a?b=c.")
    link = message(quin, "see").get_by_role("link", name="https://parley.example/a?b=c", exact=True)
    await expect(link).to_have_attribute("target", "_blank")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
