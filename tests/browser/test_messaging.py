"""Two people, each in a browser of their own, talk."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Invite
from tests.browser.messenger import (
    Api,
    field,
    message,
    messages,
    online,
    say,
    sees,
    shown,
    start,
    talk,
    together,
    wheel,
)
from tests.browser.person import Width

MOST_ARE_NEW = re.compile("^Jump to latest, [3-6][0-9] new$")
"""Of sixty: those that are in view are read."""

HOSTILE = {
    "markup": "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script><b>b</b>",
    "script-url": "javascript:document.title='owned' [x](javascript:alert(1)) data:text/html,<b>x</b>",
    "bidi": "\u202egnp.exe \u2066 \u2067 abc \u200f\u202d",
    "template": "{{7*7}} ${7*7} %3Cscript%3E &lt;b&gt; \\u003cb\\u003e",
    "long": ("0123456789" * 800),
    "long-lines": "\n".join(str(n) for n in range(1_500)),
    "combining": "Z" + "\u0301" * 500,
}


async def test_they_talk(person: Invite) -> None:
    ann, bob = await person("ann"), await person("bob")
    await together(ann, bob)
    said: list[str] = []
    for n in range(4):
        await say(ann, f"ann {n}")
        await sees(bob, [*said, f"ann {n}"])
        await say(bob, f"bob {n}")
        said += [f"ann {n}", f"bob {n}"]
        for each in (ann, bob):
            await sees(each, said)
    await ann.shot("talk")


async def test_ticks_tell_how_far_a_message_came(person: Invite) -> None:
    cat, dan = await person("cat"), await person("dan")
    await online(cat, dan)
    await start(cat, "dan")
    await say(cat, "there?")
    await expect(message(cat, "there?").get_by_role("img", name="Sent")).to_be_visible()
    await talk(dan, "cat").click()
    await expect(message(cat, "there?").get_by_role("img", name="Read")).to_be_visible()


async def test_what_is_unread_is_counted_in_the_list_and_the_title(person: Invite) -> None:
    eve, fay = await person("eve"), await person("fay")
    await online(eve, fay)
    await start(eve, "fay")
    await say(eve, "one", "two", "three")
    await expect(talk(fay, "eve")).to_contain_text("3 unread")
    await expect(fay.page).to_have_title("(3) Parley")
    await talk(fay, "eve").click()
    await expect(fay.page.get_by_role("heading", name="New messages")).to_be_visible()
    await expect(talk(fay, "eve")).not_to_contain_text("unread")
    await expect(fay.page).to_have_title("Parley")
    await fay.page.reload()
    await expect(talk(fay, "eve")).not_to_contain_text("unread")


async def test_enter_sends_and_shift_enter_is_a_new_line(person: Invite) -> None:
    gil = await person("gil")
    await online(gil)
    await start(gil, "hal")
    await field(gil).press_sequentially("one")
    await field(gil).press("Shift+Enter")
    await field(gil).press_sequentially("two")
    await expect(field(gil)).to_have_value("one\ntwo")
    await field(gil).press("Enter")
    await sees(gil, ["one\ntwo"])
    await field(gil).fill("   ")
    await expect(gil.page.get_by_role("button", name="Send")).to_be_disabled()


async def test_a_draft_waits_in_its_conversation(person: Invite, api: Api) -> None:
    await api.start("ida", "jon")
    ida = await person("ida")
    await online(ida)
    await start(ida, "jon")
    await field(ida).fill("half a thou")
    await start(ida, "kim")
    await expect(field(ida)).to_have_value("")
    await expect(talk(ida, "jon")).to_contain_text("Draft: half a thou")
    await ida.page.reload()
    await talk(ida, "jon").click()
    await expect(field(ida)).to_have_value("half a thou")


async def test_an_emoji_is_found_and_put_where_the_cursor_is(person: Invite) -> None:
    lee = await person("lee")
    await online(lee)
    await start(lee, "max")
    await field(lee).fill("ab")
    await field(lee).press("ArrowLeft")
    await lee.page.get_by_role("button", name="Emoji").click()
    await lee.page.get_by_role("searchbox", name="Search emoji").fill("party popper")
    await lee.page.get_by_role("gridcell", name="Party popper").click()
    await expect(field(lee)).to_have_value("a🎉b")
    await expect(field(lee)).to_be_focused()
    await field(lee).press("Enter")
    await sees(lee, ["a🎉b"])


_PLACE = """() => {
    const edge = document.querySelector('[role=log][tabindex]').getBoundingClientRect().top;
    const rows = [...document.querySelectorAll('[data-seq]')];
    const row = window.looked ??= rows.find(row => row.getBoundingClientRect().bottom > edge + 1);
    return row.getBoundingClientRect().top - edge;
}"""
"""Where the message is that was at the top when this was first asked, in pixels from the edge."""


async def test_nobody_loses_their_place_to_what_arrives(person: Invite, api: Api) -> None:
    conversation = await api.start("ned", "oli")
    await api.say("oli", conversation, *(f"old {n}" for n in range(60)))
    ned = await person("ned")
    await online(ned)
    await talk(ned, "oli").click()
    await expect(messages(ned).first).to_be_visible()
    jump = ned.page.get_by_role("button", name="Jump to latest")
    await expect(message(ned, "old 0").first).to_be_in_viewport()
    await expect(jump).to_have_accessible_name(MOST_ARE_NEW)
    await jump.click()
    await expect(message(ned, "old 59")).to_be_in_viewport()
    await expect(talk(ned, "oli")).not_to_contain_text("unread")

    log = ned.page.get_by_role("log", name="Messages", exact=True)
    await log.hover()
    await ned.page.mouse.wheel(0, -900)
    await expect(jump).to_have_accessible_name("Jump to latest")
    await ned.page.wait_for_timeout(500)
    before = await ned.page.evaluate(_PLACE)
    await api.say("oli", conversation, "new 0", "new 1")
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
        constructor(tell) { super((...sizes) => setTimeout(() => tell(...sizes), 200)); }
    };
}"""


async def test_what_is_new_stays_new_on_a_device_that_takes_long_to_lay_it_out(
    person: Invite, api: Api
) -> None:
    conversation = await api.start("kit", "lou")
    await api.say("lou", conversation, *(f"old {n}" for n in range(60)))
    kit = await person("kit")
    await kit.page.add_init_script(f"({_MEASURES_LATE})()")
    await kit.page.reload()
    await online(kit)
    await talk(kit, "lou").click()
    await expect(message(kit, "old 0").first).to_be_in_viewport()
    await expect(kit.page.get_by_role("button", name=MOST_ARE_NEW)).to_be_visible()
    await shown(kit)
    assert await _unread(api, "kit") >= 30


async def test_what_is_in_view_is_read_on_a_device_that_takes_long_to_lay_it_out(
    person: Invite, api: Api
) -> None:
    conversation = await api.start("moe", "nan")
    await api.say("nan", conversation, "one", "two", "three")
    moe = await person("moe")
    await moe.page.add_init_script(f"({_MEASURES_LATE})()")
    await moe.page.reload()
    await talk(moe, "nan").click()
    await expect(message(moe, "three")).to_be_in_viewport()
    await expect(talk(moe, "nan")).not_to_contain_text("unread")


async def test_what_comes_while_one_is_just_above_the_end_stays_new(person: Invite, api: Api) -> None:
    conversation = await api.start("ora", "pat")
    await api.say("pat", conversation, *(f"old {n}" for n in range(60)))
    ora = await person("ora")
    await talk(ora, "pat").click()
    jump = ora.page.get_by_role("button", name="Jump to latest")
    await jump.click()
    await expect(talk(ora, "pat")).not_to_contain_text("unread")
    await wheel(ora, -54)
    await expect(jump).to_be_visible()
    await api.say("pat", conversation, "new")
    await expect(ora.page.get_by_role("button", name="Jump to latest, 1 new")).to_be_visible()


_WITHIN = """row => {
    const text = row.querySelector('[dir=auto]'), bubble = text.parentElement.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(text);
    return ['clip', 'hidden'].includes(getComputedStyle(text).overflow) && [...range.getClientRects()].every(
        ({left, right}) => left >= bubble.left - 1 && right <= bubble.right + 1);
}"""
"""Lines are as wide as their bubble at most, and what is drawn beyond them (marks upon marks) is cut off."""


@pytest.mark.parametrize("kind", HOSTILE)
async def test_text_is_text(person: Invite, api: Api, kind: str) -> None:
    """It is shown as it was sent, and is never markup, script or a way out of its place."""
    conversation = await api.start("mallory", f"reader-{kind}")
    await api.say("mallory", conversation, HOSTILE[kind], "after")
    reader = await person(f"reader-{kind}")
    await online(reader)
    await talk(reader, "mallory").click()
    found = messages(reader).locator("[dir=auto]")
    await expect(found).to_have_count(2)
    assert await found.first.text_content() == HOSTILE[kind]
    assert await found.first.locator(":not(bdi, a)").count() == 0
    for link in await found.first.get_by_role("link").all():
        assert re.match(r"(https?://|mailto:)", await link.get_attribute("href") or "")
    await expect(reader.page).to_have_title(re.compile("Parley$"))
    width = await reader.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0, "something sticks out"
    assert await messages(reader).first.evaluate(_WITHIN), "it leaves its bubble"
    await reader.shot(f"text-{kind}")


_APART = """row => {
    const range = document.createRange();
    range.selectNodeContents(row.querySelector('[dir=auto]'));
    const time = row.querySelector('time').getBoundingClientRect();
    return [...range.getClientRects()].every(line => line.right <= time.left || line.left >= time.right
        || line.bottom <= time.top || line.top >= time.bottom);
}"""
"""No line of the text and the time lie over one another."""


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
async def test_text_runs_in_its_own_direction(
    person: Invite, api: Api, text: str, direction: str, width: Width
) -> None:
    name = f"reader-{direction}-{len(text)}-{width}"
    conversation = await api.start("dana", name)
    await api.say("dana", conversation, text)
    await api.say(name, conversation, text)
    reader = await person(name, width=width)
    await online(reader)
    await talk(reader, "dana").click()
    await shown(reader)
    for row in await messages(reader).all():
        found = row.locator("[dir=auto]")
        assert await found.evaluate("found => getComputedStyle(found).direction") == direction
        assert await row.evaluate(_APART), "the time is over the text"
    await reader.shot(f"text-{direction}")


async def test_what_stands_before_an_override_is_not_turned(person: Invite, api: Api) -> None:
    """The time and the next message read as ever."""
    conversation = await api.start("\u202eevil", "pam")
    await api.say("\u202eevil", conversation, HOSTILE["bidi"])
    pam = await person("pam")
    await online(pam)
    lines = pam.page.get_by_role("navigation", name="Conversations").get_by_role("link")
    time, name = lines.get_by_role("time"), lines.locator("bdi").first
    await expect(name).to_contain_text("evil")
    name_box, time_box = await name.bounding_box(), await time.bounding_box()
    assert name_box
    assert time_box
    assert name_box["x"] < time_box["x"]


async def test_a_link_opens_elsewhere_and_tells_nothing_of_where_it_was(person: Invite) -> None:
    quin = await person("quin")
    await online(quin)
    await start(quin, "rob")
    await say(quin, "see https://parley.example/a?b=c.")
    link = message(quin, "see").get_by_role("link", name="https://parley.example/a?b=c", exact=True)
    await expect(link).to_have_attribute("target", "_blank")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
