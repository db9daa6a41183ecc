"""The demo's data, sent to a real stack."""

import asyncio

import httpx
import pytest

from deploy.local.demo import script
from deploy.local.demo.fill import fill, unread
from deploy.local.errors import UserError
from tests.conftest import StartStack
from tests.fixtures.limits import DEFAULT_LIMITS

DIARY_MESSAGES = 60


async def test_the_demo_can_be_sent_again_and_changes_nothing(start_stack: StartStack) -> None:
    stack = start_stack(env=DEFAULT_LIMITS)
    gateway, everything = stack.gateways[0], script.conversations(DIARY_MESSAGES)
    expected = sum(
        len(conversation.messages) - conversation.read
        for conversation in everything
        if conversation.people[0] == "ann"
    )

    async def texts() -> dict[str, list[str]]:
        async with httpx.AsyncClient(base_url=gateway) as http:
            listed = (await http.get("/messages/conversations", params={"meId": "ann"})).json()["items"]
            pages = {
                item["peerId"]: (
                    await http.get(
                        "/messages/history",
                        params={"meId": "ann", "conversationId": item["id"], "limit": 100},
                    )
                ).json()["items"]
                for item in listed
            }
        return {peer: [item["text"] for item in items] for peer, items in pages.items()}

    await fill(gateway, everything)
    first = await texts()
    assert next(iter(first)) == "bob"
    assert first == {
        conversation.people[1]: [message.text for message in conversation.messages]
        for conversation in everything
        if conversation.people[0] == "ann"
    }
    async with asyncio.timeout(15):
        while await unread(gateway, "ann") != expected:
            await asyncio.sleep(0.05)
    await fill(gateway, everything)
    assert await texts() == first
    async with asyncio.timeout(15):
        while await unread(gateway, "ann") != expected:
            await asyncio.sleep(0.05)


async def test_a_gateway_that_is_not_there_is_a_failure_that_says_what_to_do() -> None:
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:1 does not answer .*; run it again"):
        await fill("http://127.0.0.1:1", script.conversations(0))
