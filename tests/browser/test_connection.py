"""The connection goes and comes back: nothing is lost on screen, nothing is there twice."""

import json

from playwright.async_api import WebSocketRoute, expect

from deploy.local.stack.state import Stack
from tests.browser.conftest import Invite
from tests.browser.messenger import (
    Api,
    become,
    message,
    messages,
    online,
    reconnecting,
    say,
    sees,
    start,
    switcher,
    talk,
    together,
    whole,
)
from tests.platform import away


async def test_who_was_offline_misses_nothing(person: Invite) -> None:
    ann, bob = await person("ann"), await person("bob")
    await together(ann, bob)
    await say(ann, "before")
    await sees(bob, ["before"])

    ann.lonely = True
    await ann.context.set_offline(True)
    await expect(reconnecting(ann)).to_contain_text("Reconnecting")
    await say(ann, "from the tunnel 1", "from the tunnel 2")
    await expect(message(ann, "tunnel 2").get_by_role("img", name="Sending")).to_be_visible()
    await ann.shot("offline")
    await say(bob, "are you there?")
    await sees(bob, ["before", "are you there?"])

    await ann.context.set_offline(False)
    await online(ann)
    for each in (ann, bob):
        await sees(each, ["before", "are you there?", "from the tunnel 1", "from the tunnel 2"])
    await expect(message(ann, "tunnel 2").get_by_role("img", name="Read")).to_be_visible()


async def test_a_gateway_is_killed_in_the_middle_of_it(person: Invite, api: Api, stack: Stack) -> None:
    cat, dan = await person("cat"), await person("dan")
    await together(cat, dan)
    conversation = await api.start("cat", "dan")
    cat.lonely = dan.lonely = True
    for round_ in range(3):
        await say(cat, f"cat {round_} before")
        with away(stack, "gateway"):
            await say(cat, f"cat {round_} while away")
            await say(dan, f"dan {round_} while away")
            await expect(reconnecting(dan)).to_contain_text("Reconnecting")
        await online(cat, dan)
        await say(dan, f"dan {round_} after")
    for each in (cat, dan):
        await expect(messages(each).get_by_role("img", name="Sending")).to_have_count(0)
        await expect(message(each, "dan 2 after")).to_be_visible()
    kept = await api.texts("cat", conversation)
    said = [
        f"{who} {n} {when}"
        for n in range(3)
        for who, when in (("cat", "before"), ("cat", "while away"), ("dan", "while away"), ("dan", "after"))
    ]
    assert sorted(kept) == sorted(said)
    for each in (cat, dan):
        await sees(each, kept)


async def test_a_reload_loses_nothing_that_was_on_its_way(person: Invite, api: Api, stack: Stack) -> None:
    eve = await person("eve")
    await online(eve)
    await start(eve, "fay")
    eve.lonely = True
    with away(stack, "gateway"):
        await expect(reconnecting(eve)).to_contain_text("Reconnecting")
        await say(eve, "still here?")
        await expect(message(eve, "still here?").get_by_role("img", name="Sending")).to_be_visible()
    await api.ready()
    await eve.page.reload()
    await online(eve)
    await expect(message(eve, "still here?").get_by_role("img", name="Sent")).to_be_visible()
    await sees(eve, ["still here?"])
    await eve.page.reload()
    await sees(eve, ["still here?"])


async def test_what_one_was_sending_is_not_said_by_who_is_next_at_the_tab(
    person: Invite, api: Api, stack: Stack
) -> None:
    lea = await person("lea")
    await online(lea)
    await whole(lea)
    await start(lea, "max")
    conversation = await api.start("lea", "max")
    lea.lonely = True
    with away(stack, "gateway"):
        await expect(reconnecting(lea)).to_contain_text("Reconnecting")
        await say(lea, "in my name")
        await become(lea, "max")
    await api.ready()
    await online(lea)
    await api.say("max", conversation, "it is max")
    await expect(talk(lea, "lea")).to_contain_text("it is max")
    assert await api.texts("max", conversation) == ["it is max"]
    await become(lea, "lea")
    await talk(lea, "max").click()
    await expect(message(lea, "in my name").get_by_role("img", name="Sent")).to_be_visible()
    await sees(lea, ["it is max", "in my name"])


async def test_what_was_refused_is_sent_again_by_a_tap(person: Invite) -> None:
    gil = await person("gil")
    sent: list[str] = []

    def refuse_once(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(text: str | bytes) -> None:
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

        socket.on_message(pass_on)

    await gil.page.route_web_socket("**/ws?*", refuse_once)
    await gil.page.reload()
    await online(gil)
    await start(gil, "hal")
    await say(gil, "Lunch?")
    await expect(message(gil, "Lunch?").get_by_role("img", name="Not sent")).to_be_visible()
    await gil.shot("failed")
    await gil.finds_no_barrier()
    await message(gil, "Lunch?").get_by_role("button", name="Retry").click()
    await expect(message(gil, "Lunch?").get_by_role("img", name="Sent")).to_be_visible()
    await sees(gil, ["Lunch?"])
    assert len(sent) == 2
    assert len(set(sent)) == 1


async def test_what_is_first_wanted_while_offline_is_there(person: Invite) -> None:
    """The parts of the page that come later came while there was nothing else to do."""
    gil = await person("gil")
    await online(gil)
    await whole(gil)
    gil.lonely = True
    await gil.context.set_offline(True)
    await gil.page.keyboard.press("Control+k")
    await expect(switcher(gil)).to_be_visible()


async def test_two_tabs_of_one_person_show_the_same(person: Invite) -> None:
    one = await person("ida")
    await online(one)
    await start(one, "jon")
    tab = await one.context.new_page()
    await tab.goto(one.page.url)
    await expect(tab.get_by_role("textbox", name="Message to")).to_be_visible()
    await say(one, "from the first tab")
    await expect(tab.get_by_role("article").filter(has_text="from the first tab")).to_have_count(1)
    await tab.get_by_role("textbox", name="Message to").fill("from the second")
    await tab.keyboard.press("Enter")
    await sees(one, ["from the first tab", "from the second"])


async def test_without_a_server_the_page_says_so_and_offers_to_try_again(
    person: Invite, stack: Stack
) -> None:
    kim = await person("kim")
    await online(kim)
    kim.lonely = True
    with away(stack, "store"):
        await kim.page.reload()
        again = kim.page.get_by_role("button", name="Try again")
        await expect(again).to_be_visible(timeout=60_000)
        await kim.shot("no-list")
        await kim.finds_no_barrier()
    await again.click()
    await online(kim)
