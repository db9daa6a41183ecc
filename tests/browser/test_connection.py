"""Lost connections: no message is lost or duplicated on screen."""

import json

from playwright.async_api import WebSocketRoute, expect

from deploy.local.stack.state import Stack
from tests.browser.chat_page import (
    Api,
    connection_status,
    conversation_link,
    expect_texts,
    message,
    messages,
    open_conversation,
    open_shared_conversation,
    send,
    switch_user,
    switcher,
    wait_for_lazy_components,
    wait_until_online,
)
from tests.browser.conftest import OpenPage
from tests.fixtures.platform import away


async def test_messages_are_exchanged_after_being_offline(person: OpenPage) -> None:
    ann, bob = await person("ann"), await person("bob")
    await open_shared_conversation(ann, bob)
    await send(ann, "before")
    await expect_texts(bob, ["before"])

    ann.tolerates_disconnects = True
    await ann.context.set_offline(True)
    await expect(connection_status(ann)).to_contain_text("Reconnecting")
    await send(ann, "from the tunnel 1", "from the tunnel 2")
    await expect(message(ann, "tunnel 2").get_by_role("img", name="Sending")).to_be_visible()
    await ann.screenshot("offline")
    await send(bob, "are you there?")
    await expect_texts(bob, ["before", "are you there?"])

    await ann.context.set_offline(False)
    await wait_until_online(ann)
    for reader in (ann, bob):
        await expect_texts(reader, ["before", "are you there?", "from the tunnel 1", "from the tunnel 2"])
    await expect(message(ann, "tunnel 2").get_by_role("img", name="Read")).to_be_visible()


async def test_a_killed_gateway_loses_and_duplicates_nothing(
    person: OpenPage, api: Api, stack: Stack
) -> None:
    cat, dan = await person("cat"), await person("dan")
    await open_shared_conversation(cat, dan)
    conversation = await api.start_conversation("cat", "dan")
    cat.tolerates_disconnects = dan.tolerates_disconnects = True
    for round_ in range(3):
        await send(cat, f"cat {round_} before")
        with away(stack, "gateway"):
            await send(cat, f"cat {round_} while away")
            await send(dan, f"dan {round_} while away")
            await expect(connection_status(dan)).to_contain_text("Reconnecting")
        await wait_until_online(cat, dan)
        await send(dan, f"dan {round_} after")
    for reader in (cat, dan):
        await expect(messages(reader).get_by_role("img", name="Sending")).to_have_count(0)
        await expect(message(reader, "dan 2 after")).to_be_visible()
    stored = await api.texts("cat", conversation)
    sent_texts = [
        f"{who} {n} {when}"
        for n in range(3)
        for who, when in (("cat", "before"), ("cat", "while away"), ("dan", "while away"), ("dan", "after"))
    ]
    assert sorted(stored) == sorted(sent_texts)
    for reader in (cat, dan):
        await expect_texts(reader, stored)


async def test_a_reload_keeps_unsent_messages(person: OpenPage, api: Api, stack: Stack) -> None:
    eve = await person("eve")
    await wait_until_online(eve)
    await open_conversation(eve, "fay")
    eve.tolerates_disconnects = True
    with away(stack, "gateway"):
        await expect(connection_status(eve)).to_contain_text("Reconnecting")
        await send(eve, "still here?")
        await expect(message(eve, "still here?").get_by_role("img", name="Sending")).to_be_visible()
    await api.ready()
    await eve.page.reload()
    await wait_until_online(eve)
    await expect(message(eve, "still here?").get_by_role("img", name="Sent")).to_be_visible()
    await expect_texts(eve, ["still here?"])
    await eve.page.reload()
    await expect_texts(eve, ["still here?"])


async def test_unsent_messages_are_not_sent_as_the_next_user_of_the_tab(
    person: OpenPage, api: Api, stack: Stack
) -> None:
    lea = await person("lea")
    await wait_until_online(lea)
    await wait_for_lazy_components(lea)
    await open_conversation(lea, "max")
    conversation = await api.start_conversation("lea", "max")
    lea.tolerates_disconnects = True
    with away(stack, "gateway"):
        await expect(connection_status(lea)).to_contain_text("Reconnecting")
        await send(lea, "in my name")
        await switch_user(lea, "max")
    await api.ready()
    await wait_until_online(lea)
    await api.send("max", conversation, "it is max")
    await expect(conversation_link(lea, "lea")).to_contain_text("it is max")
    assert await api.texts("max", conversation) == ["it is max"]
    await switch_user(lea, "lea")
    await conversation_link(lea, "max").click()
    await expect(message(lea, "in my name").get_by_role("img", name="Sent")).to_be_visible()
    await expect_texts(lea, ["it is max", "in my name"])


async def test_a_refused_message_can_be_retried(person: OpenPage) -> None:
    gil = await person("gil")
    sent: list[str] = []

    def refuse_once(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def forward(text: str | bytes) -> None:
            frame = json.loads(text)
            if frame["type"] == "message":
                sent.append(frame["clientId"])
            if len(sent) == 1 and frame["type"] == "message":
                refusal = {
                    "code": "not_found",
                    "message": "no such conversation",
                    "clientId": frame["clientId"],
                }
                socket.send(json.dumps({"type": "error"} | refusal))
            else:
                server.send(text)

        socket.on_message(forward)

    await gil.page.route_web_socket("**/ws?*", refuse_once)
    await gil.page.reload()
    await wait_until_online(gil)
    await open_conversation(gil, "hal")
    await send(gil, "Lunch?")
    await expect(message(gil, "Lunch?").get_by_role("img", name="Not sent")).to_be_visible()
    await gil.screenshot("failed")
    await gil.expect_accessible()
    await message(gil, "Lunch?").get_by_role("button", name="Retry").click()
    await expect(message(gil, "Lunch?").get_by_role("img", name="Sent")).to_be_visible()
    await expect_texts(gil, ["Lunch?"])
    assert len(sent) == 2
    assert len(set(sent)) == 1


async def test_lazy_components_work_offline(person: OpenPage) -> None:
    """They are preloaded when the page is idle."""
    gil = await person("gil")
    await wait_until_online(gil)
    await wait_for_lazy_components(gil)
    gil.tolerates_disconnects = True
    await gil.context.set_offline(True)
    await gil.page.keyboard.press("Control+k")
    await expect(switcher(gil)).to_be_visible()


async def test_two_tabs_of_one_user_show_the_same(person: OpenPage) -> None:
    one = await person("ida")
    await wait_until_online(one)
    await open_conversation(one, "jon")
    tab = await one.context.new_page()
    await tab.goto(one.page.url)
    await expect(tab.get_by_role("textbox", name="Message to")).to_be_visible()
    await send(one, "from the first tab")
    await expect(tab.get_by_role("article").filter(has_text="from the first tab")).to_have_count(1)
    await tab.get_by_role("textbox", name="Message to").fill("from the second")
    await tab.keyboard.press("Enter")
    await expect_texts(one, ["from the first tab", "from the second"])


async def test_without_a_server_the_page_offers_to_try_again(person: OpenPage, stack: Stack) -> None:
    kim = await person("kim")
    await wait_until_online(kim)
    kim.tolerates_disconnects = True
    with away(stack, "store"):
        await kim.page.reload()
        again = kim.page.get_by_role("button", name="Try again")
        await expect(again).to_be_visible(timeout=60_000)
        await kim.screenshot("no-list")
        await kim.expect_accessible()
    await again.click()
    await wait_until_online(kim)
