"""Ctrl and K: conversations are found, and started with their first message."""

import re

from playwright.async_api import expect

from deploy.local.stack.state import Stack
from tests.browser.conftest import Invite
from tests.browser.messenger import (
    Api,
    field,
    message,
    online,
    reconnecting,
    say,
    sees,
    start,
    switcher,
    talk,
    talks,
    whole,
)
from tests.platform import away


async def test_the_first_match_is_taken_and_a_new_conversation_is_a_row_of_its_own(
    person: Invite, api: Api
) -> None:
    ada = await person("ada")
    await online(ada)
    await api.say("frank", await api.start("frank", "ada"), "from frank")
    await expect(talk(ada, "frank")).to_be_visible()
    await ada.page.keyboard.press("Control+k")
    options = switcher(ada).get_by_role("option")
    await switcher(ada).get_by_role("combobox").fill("fra")
    await expect(options).to_have_text([re.compile("frank$"), re.compile("Start with “fra”$")])
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await ada.shot("switcher")
    await ada.page.keyboard.press("ArrowDown")
    await expect(options.last).to_have_attribute("aria-selected", "true")
    await ada.page.keyboard.press("ArrowDown")
    await ada.page.keyboard.press("Enter")
    await sees(ada, ["from frank"])
    await expect(talks(ada)).to_have_count(1)


async def test_a_conversation_beyond_what_is_loaded_is_found(person: Invite, api: Api) -> None:
    for n in range(105):
        await api.start("bo", f"peer{n:03}")
    bo = await person("bo")
    await online(bo)
    await expect(talk(bo, "peer000")).not_to_be_attached()
    await bo.page.keyboard.press("Control+k")
    await switcher(bo).get_by_role("combobox").fill("peer000")
    await expect(switcher(bo).get_by_role("option")).to_have_count(1)
    await bo.page.keyboard.press("Enter")
    await expect(talk(bo, "peer000")).to_have_attribute("aria-current", "page")


async def test_a_conversation_exists_with_its_first_message(person: Invite, api: Api) -> None:
    cas, dia = await person("cas"), await person("dia")
    await online(cas, dia)
    await start(cas, "dia")
    await field(cas).fill("not yet sent")
    await expect(cas.page.get_by_text("This is the beginning")).to_be_visible()
    await cas.page.reload()
    await expect(field(cas)).to_have_value("not yet sent")
    assert await _conversations(api, "dia") == []
    await field(cas).press("Enter")
    await sees(cas, ["not yet sent"])
    await expect(message(cas, "not yet sent").get_by_role("img", name="Sent")).to_be_visible()
    await expect(talk(dia, "cas")).to_contain_text("not yet sent")
    await say(cas, "and more")
    await sees(cas, ["not yet sent", "and more"])
    await talk(dia, "cas").click()
    await sees(dia, ["not yet sent", "and more"])


async def test_the_first_message_can_be_written_while_away(person: Invite, api: Api, stack: Stack) -> None:
    eda = await person("eda")
    await online(eda)
    await whole(eda)
    eda.lonely = True
    with away(stack, "gateway"):
        await expect(reconnecting(eda)).to_contain_text("Reconnecting")
        await start(eda, "fin")
        await say(eda, "first", "second")
        await expect(talk(eda, "fin")).to_contain_text("second")
    await api.ready()
    await eda.page.reload()
    await online(eda)
    await expect(message(eda, "second").get_by_role("img", name="Sent")).to_be_visible()
    await sees(eda, ["first", "second"])
    assert [each["peerId"] for each in await _conversations(api, "fin")] == ["eda"]


async def test_an_address_names_a_user_to_talk_to(person: Invite, api: Api) -> None:
    gia = await person("gia")
    await online(gia)
    await gia.page.goto(f"{gia.page.url}#to/h%25%2F1")
    await expect(gia.page.get_by_role("textbox", name="Message to h%/1")).to_be_visible()
    await gia.page.goto(f"{gia.page.url.partition('#')[0]}#to/gia")
    await expect(gia.page.get_by_role("heading", name="Conversation not found")).to_be_visible()
    assert await _conversations(api, "gia") == []


async def _conversations(api: Api, me: str) -> list[dict[str, object]]:
    answer = await api.client.get("/messages/conversations", params={"meId": me})
    items: list[dict[str, object]] = answer.raise_for_status().json()["items"]
    return items
