"""The switcher (Ctrl+K) finds conversations, and starts new ones with their first message."""

import re

from playwright.async_api import expect

from deploy.local.stack.state import Stack
from tests.browser.chat_page import (
    Api,
    composer,
    connection_status,
    conversation_link,
    conversation_links,
    expect_texts,
    message,
    open_conversation,
    send,
    switcher,
    wait_for_lazy_components,
    wait_until_online,
)
from tests.browser.conftest import OpenPage
from tests.fixtures.platform import away


async def test_the_first_match_is_selected_and_a_new_conversation_is_an_option(
    person: OpenPage, api: Api
) -> None:
    ada = await person("ada")
    await wait_until_online(ada)
    await api.send("frank", await api.start_conversation("frank", "ada"), "from frank")
    await expect(conversation_link(ada, "frank")).to_be_visible()
    await ada.page.keyboard.press("Control+k")
    options = switcher(ada).get_by_role("option")
    await switcher(ada).get_by_role("combobox").fill("fra")
    await expect(options).to_have_text([re.compile("frank$"), re.compile("Message “fra”$")])
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await ada.screenshot("switcher")
    await ada.page.keyboard.press("ArrowDown")
    await expect(options.last).to_have_attribute("aria-selected", "true")
    await ada.page.keyboard.press("ArrowDown")
    await ada.page.keyboard.press("Enter")
    await expect_texts(ada, ["from frank"])
    await expect(conversation_links(ada)).to_have_count(1)


async def test_a_conversation_beyond_the_loaded_pages_is_found(person: OpenPage, api: Api) -> None:
    for n in range(105):
        await api.start_conversation("bo", f"peer{n:03}")
    bo = await person("bo")
    await wait_until_online(bo)
    await expect(conversation_link(bo, "peer000")).not_to_be_attached()
    await bo.page.keyboard.press("Control+k")
    await switcher(bo).get_by_role("combobox").fill("peer000")
    await expect(switcher(bo).get_by_role("option")).to_have_count(1)
    await bo.page.keyboard.press("Enter")
    await expect(conversation_link(bo, "peer000")).to_have_attribute("aria-current", "page")


async def test_a_conversation_exists_with_its_first_message(person: OpenPage, api: Api) -> None:
    cas, dia = await person("cas"), await person("dia")
    await wait_until_online(cas, dia)
    await open_conversation(cas, "dia")
    await composer(cas).fill("not yet sent")
    await expect(cas.page.get_by_text("This is the beginning")).to_be_visible()
    await cas.page.reload()
    await expect(composer(cas)).to_have_value("not yet sent")
    assert await _conversations(api, "dia") == []
    await composer(cas).press("Enter")
    await expect_texts(cas, ["not yet sent"])
    await expect(message(cas, "not yet sent").get_by_role("img", name="Sent")).to_be_visible()
    await expect(conversation_link(dia, "cas")).to_contain_text("not yet sent")
    await send(cas, "and more")
    await expect_texts(cas, ["not yet sent", "and more"])
    await conversation_link(dia, "cas").click()
    await expect_texts(dia, ["not yet sent", "and more"])


async def test_the_first_message_can_be_sent_while_offline(person: OpenPage, api: Api, stack: Stack) -> None:
    eda = await person("eda")
    await wait_until_online(eda)
    await wait_for_lazy_components(eda)
    eda.tolerates_disconnects = True
    with away(stack, "gateway"):
        await expect(connection_status(eda)).to_contain_text("Reconnecting")
        await open_conversation(eda, "fin")
        await send(eda, "first", "second")
        await expect(conversation_link(eda, "fin")).to_contain_text("second")
    await api.ready()
    await eda.page.reload()
    await wait_until_online(eda)
    await expect(message(eda, "second").get_by_role("img", name="Sent")).to_be_visible()
    await expect_texts(eda, ["first", "second"])
    assert [conversation["peerId"] for conversation in await _conversations(api, "fin")] == ["eda"]


async def test_an_address_opens_a_conversation_with_a_user(person: OpenPage, api: Api) -> None:
    gia = await person("gia")
    await wait_until_online(gia)
    await gia.page.goto(f"{gia.page.url}#to/h%25%2F1")
    await expect(gia.page.get_by_role("textbox", name="Message to h%/1")).to_be_visible()
    await gia.page.goto(f"{gia.page.url.partition('#')[0]}#to/gia")
    await expect(gia.page.get_by_role("heading", name="Conversation not found")).to_be_visible()
    assert await _conversations(api, "gia") == []


async def _conversations(api: Api, me: str) -> list[dict[str, object]]:
    answer = await api.client.get("/messages/conversations", params={"meId": me})
    items: list[dict[str, object]] = answer.raise_for_status().json()["items"]
    return items
