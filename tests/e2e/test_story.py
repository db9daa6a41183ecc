"""The first integration's story: two people chat."""

from collections.abc import AsyncIterator

import httpx
import pytest

from deploy.local.stack.state import Stack
from tests.e2e import client


@pytest.fixture
async def http(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with client.http(stack.gateways[0]) as http:
        yield http


async def test_two_people_find_each_other_and_talk(stack: Stack, http: httpx.AsyncClient) -> None:
    gateway = stack.gateways[0]
    empty = (await http.get("/messages/conversations", params={"meId": "ann"})).json()
    assert (empty["items"], empty["nextPage"]) == ([], None)

    async with client.socket(gateway, "ann") as ann, client.socket(gateway, "bob") as bob:
        conversation = await client.start(http, "ann", "bob")
        assert await client.start(http, "bob", "ann") == conversation
        for side in (ann, bob):
            assert (await side.expect(type="conversation"))["members"] == ["ann", "bob"]
        assert await client.history(http, "bob", conversation) == []

        await ann.send(type="message", conversationId=conversation, text="hello, Bob")
        message = await bob.expect(type="message")
        # a client may refetch the moment a frame arrives
        (item,) = await client.history(http, "bob", conversation)
        assert {"type": "message"} | item == message
        assert (message["senderId"], message["text"], message["seq"]) == ("ann", "hello, Bob", 1)
        assert await ann.expect(type="message") == message
        assert (await ann.expect(type="accepted"))["id"] == message["id"]

        async def unread(user: str) -> int:
            listed = (await http.get("/messages/conversations", params={"meId": user})).json()
            return int(listed["items"][0]["unreadCount"])

        assert (await unread("ann"), await unread("bob")) == (0, 1)
        await bob.send(type="read", conversationId=conversation, upTo=1)
        assert await ann.expect(type="read") == await bob.expect(type="read")
        assert await unread("bob") == 0
        for user in ("ann", "bob"):
            assert [m["isRead"] for m in await client.history(http, user, conversation)] == [True]


async def test_every_socket_of_a_user_gets_every_message(stack: Stack, http: httpx.AsyncClient) -> None:
    gateway = stack.gateways[0]
    conversation = await client.start(http, "cat", "dan")
    async with client.socket(gateway, "dan") as one, client.socket(gateway, "dan") as two:
        await http.post(
            "/messages", params={"meId": "cat"}, json={"conversationId": conversation, "text": "twice"}
        )
        assert await one.expect(type="message") == await two.expect(type="message")
    async with client.socket(gateway, "dan") as again:
        await http.post(
            "/messages", params={"meId": "cat"}, json={"conversationId": conversation, "text": "anew"}
        )
        assert (await again.expect(type="message"))["text"] == "anew"
        assert len(again.of("message")) == 1


async def test_what_was_accepted_can_be_read_at_its_position(stack: Stack, http: httpx.AsyncClient) -> None:
    conversation = await client.start(http, "eve", "fay")
    for n in range(20):
        sent = await http.post(
            "/messages", params={"meId": "eve"}, json={"conversationId": conversation, "text": str(n)}
        )
        assert (sent.status_code, sent.json()["status"]) == (202, "accepted")
        position = sent.json()["position"]
        assert (await client.history(http, "fay", conversation, position=position))[-1]["text"] == str(n)


async def test_a_send_that_waits_is_answered_with_the_message(stack: Stack, http: httpx.AsyncClient) -> None:
    conversation = await client.start(http, "gil", "hal")
    body = {"conversationId": conversation, "text": "now", "clientId": "1"}
    answers = [
        await http.post("/messages", params={"meId": "gil"}, json=body, headers={"Prefer": prefer})
        for prefer in ("wait", "wait=10", "respond-async, wait=5")
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert all(answer.headers["Preference-Applied"].startswith("wait") for answer in answers)
    (item,) = await client.history(http, "gil", conversation)
    assert all(answer.json() == item for answer in answers)


async def test_a_position_beyond_the_end_of_the_log_is_no_position(http: httpx.AsyncClient) -> None:
    conversation = await client.start(http, "ian", "joe")
    sent = await http.post(
        "/messages", params={"meId": "ian"}, json={"conversationId": conversation, "text": "x"}
    )
    epoch, partition, offset = sent.json()["position"].split("-")
    for position, status in ((f"{epoch}-{partition}-{int(offset) + 1000}", 422), (f"{'0' * 16}-0-0", 410)):
        answer = await http.get("/messages/conversations", params={"meId": "ian", "position": position})
        assert answer.status_code == status, answer.text


async def test_the_front_page_and_the_reference_are_served(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert 'href="/docs"' in page.text
    paths = (await http.get("/openapi.json")).json()["paths"]
    assert {"/messages", "/messages/conversations", "/messages/history", "/messages/start"} <= set(paths)
    assert (await http.get("/docs")).status_code == 200


async def test_every_process_answers_its_probes(stack: Stack) -> None:
    """On both of its ports; metrics on the admin port alone."""
    public = (*stack.gateways, *stack.notifiers, *stack.projectors, stack.store)
    assert stack.admin.keys() == {"gateway", "notifier", "projector", "store"}
    for url in (*public, *stack.admin.values()):
        async with client.http(url) as probe:
            assert (await probe.get("/healthz")).json() == {"status": "alive", "reasons": []}
            assert (await probe.get("/readyz")).json() == {"status": "ready", "reasons": []}
            metrics = await probe.get("/metrics")
            if url in public:
                assert metrics.status_code in (401, 404)
            else:
                assert "# TYPE" in metrics.text


async def test_only_the_gateway_describes_its_calls(stack: Stack) -> None:
    for url in (*stack.notifiers, *stack.projectors, stack.store, *stack.admin.values()):
        async with client.http(url) as http:
            for path in ("/docs", "/redoc", "/openapi.json"):
                assert (await http.get(path)).status_code in (401, 404)
