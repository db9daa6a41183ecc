"""What happens while Kafka or the store is away, and when they are back."""

import asyncio

import pytest

from shared.contract import cursor
from shared.internal.store_api import ProjectionOffsets
from tests.unit.gateway.gateway_fixture import EPOCH, UNKNOWN_CONVERSATION, GatewayFixture, run_gateway


async def test_without_kafka_sends_get_503_and_sockets_stay(own_gateway: GatewayFixture) -> None:
    talk = await own_gateway.start_direct("ana", "ben")
    async with own_gateway.connected("ana") as client:
        own_gateway.broker.away = True
        for path, body in (
            ("/messages", {"conversationId": talk, "text": "hello"}),
            ("/messages/read", {"conversationId": talk, "upTo": 1}),
            ("/messages/start", {"peerId": "eve"}),
        ):
            answer = await own_gateway.http.post(f"{path}?meId=ana", json=body)
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
        await client.send(type="message", conversationId=talk, text="hello", clientId="c1")
        error = await client.receive()
        assert (error["code"], error["clientId"]) == ("unavailable", "c1")
        own_gateway.broker.away = False
        await client.send(type="message", conversationId=talk, text="hello", clientId="c1")
        assert (await client.receive())["type"] == "accepted"


async def test_without_kafka_the_reads_of_sockets_are_written_when_it_is_back(
    own_gateway: GatewayFixture,
) -> None:
    talk = await own_gateway.start_direct("ana", "ben")
    async with own_gateway.connected("ana") as client:
        own_gateway.broker.away = True
        await client.send(type="read", conversationId=talk, upTo=1)
        await asyncio.sleep(0.2)
        own_gateway.broker.away = False
        await asyncio.sleep(1.1)
        assert [e.type for e in own_gateway.written_events()][-1] == "chat.event.read-moved.v1"


async def test_without_the_store_sends_are_taken_and_reads_get_503(own_gateway: GatewayFixture) -> None:
    talk = await own_gateway.start_direct("ana", "ben")
    own_gateway.store.away = True
    for path in ("/messages/conversations?meId=ana", f"/messages/history?meId=ana&conversationId={talk}"):
        answer = await own_gateway.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "Retry-After" in answer.headers
    start = await own_gateway.http.post("/messages/start?meId=ana", json={"peerId": "ben"})
    assert start.status_code == 503
    for conversation in (talk, UNKNOWN_CONVERSATION):
        body = {"conversationId": conversation, "text": "hello"}
        sent = await own_gateway.http.post("/messages?meId=ana", json=body, headers={"Prefer": "wait"})
        assert sent.status_code == 202
    assert (await own_gateway.http.get("/readyz")).status_code == 200


async def test_a_position_not_reached_in_time_is_behind(own_gateway: GatewayFixture) -> None:
    talk = await own_gateway.start_direct("ana", "ben")
    own_gateway.store.frozen_at = (await own_gateway.store.progress()).offsets
    body = {"conversationId": talk, "text": "hello"}
    position = (await own_gateway.http.post("/messages?meId=ana", json=body)).json()["position"]
    behind = await own_gateway.http.get(f"/messages/conversations?meId=ana&position={position}")
    assert (behind.status_code, behind.json()["code"]) == (503, "projection_behind")
    assert "Retry-After" in behind.headers
    own_gateway.ends.away = True
    unknown = await own_gateway.http.get(f"/messages/conversations?meId=ana&position={position}")
    assert (unknown.status_code, unknown.json()["code"]) == (503, "unavailable")


async def test_a_conversation_not_projected_in_time_is_not_started(own_gateway: GatewayFixture) -> None:
    own_gateway.store.frozen_at = (1, 1, 1, 1)
    answer = await own_gateway.http.post("/messages/start?meId=ana", json={"peerId": "ben"})
    assert answer.status_code == 503
    own_gateway.store.frozen_at = None
    answer = await own_gateway.http.post("/messages/start?meId=ana", json={"peerId": "ben"})
    assert answer.status_code == 200


async def test_a_log_not_seen_yet_makes_it_unready_but_not_dead(own_gateway: GatewayFixture) -> None:
    own_gateway.components.producer.identity = None
    ready = await own_gateway.http.get("/readyz")
    assert (ready.status_code, ready.json()["reasons"][0]) == (503, "the log was not seen yet")
    assert (await own_gateway.http.get("/healthz")).status_code == 200
    body = {"conversationId": UNKNOWN_CONVERSATION, "text": "hello"}
    own_gateway.components.membership.add(UNKNOWN_CONVERSATION, "ana")
    assert (await own_gateway.http.post("/messages?meId=ana", json=body)).status_code == 503


@pytest.mark.parametrize(("epoch", "kinds"), [(EPOCH, []), ("f" * 16, ["reset"])])
async def test_while_the_log_was_not_seen_yet_the_store_says_which_cursors_are_of_use(
    own_gateway: GatewayFixture, epoch: str, kinds: list[str]
) -> None:
    own_gateway.components.producer.identity = None
    text = cursor.encode(epoch, "ana", [1, 1, 1, 1])
    async with own_gateway.connect("ana", query=f"&cursor={text}") as client:
        frames = [await client.receive() for _ in ("hello", *kinds, "synced")]
    assert [frame["type"] for frame in frames] == ["hello", *kinds, "synced"]
    assert frames[0]["cursor"] == text


@pytest.mark.parametrize(
    "present", [ProjectionOffsets("f" * 16, (1, 1, 1, 1)), ProjectionOffsets(EPOCH, (1, 1))]
)
async def test_a_store_of_another_log_is_as_good_as_none(
    own_gateway: GatewayFixture, present: ProjectionOffsets
) -> None:
    async def progress() -> ProjectionOffsets:
        return present

    own_gateway.store.progress = progress  # type: ignore[method-assign]  # a store that was moved
    async with own_gateway.connect("ana") as client:
        assert (await client.receive())["cursor"] is None


async def delivered_beyond_the_store(gateway: GatewayFixture) -> str:
    """Its read models are being made anew, or the database that took over was not as far."""
    talk = await gateway.start_direct("ana", "ben")
    gateway.store.frozen_at = (await gateway.store.progress()).offsets
    await gateway.send_message("ben", talk, "delivered to those who were here")
    async with gateway.connected("eve") as eve:
        await gateway.notifier.send_entry(
            ["eve"], {"type": "message"}, partition=gateway.partition_of(talk), source_offset=3
        )
        await eve.receive("message")
    return talk


async def test_a_client_that_comes_while_the_store_is_behind_receives_what_it_lacked(
    own_gateway: GatewayFixture,
) -> None:
    talk = await delivered_beyond_the_store(own_gateway)
    async with own_gateway.connect("ana") as client:
        hello = await client.receive()
        await asyncio.sleep(0.7)
        own_gateway.store.frozen_at = None
        message, synced = await client.receive(), await client.receive()
    assert cursor.decode(hello["cursor"]).offsets[own_gateway.partition_of(talk)] == 2
    assert (message["text"], synced["type"]) == ("delivered to those who were here", "synced")


async def test_a_store_that_is_back_but_behind_gives_no_cursor(
    own_gateway: GatewayFixture,
) -> None:
    await delivered_beyond_the_store(own_gateway)
    own_gateway.store.away = True
    async with own_gateway.connect("ana") as client:
        assert [(await client.receive())["cursor"] for _ in ("hello", "synced")] == [None, None]
        own_gateway.store.away = False
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await client.receive("cursor")
        own_gateway.store.frozen_at = None
        found = (await client.receive("cursor"))["cursor"]
    assert cursor.decode(found).offsets == (await own_gateway.store.progress()).offsets


async def test_what_all_gateways_share_is_no_reason_to_be_unready() -> None:
    """Else all would refuse connections at the same time. What cannot be done says when to try again."""
    async with run_gateway(registered_within=0.2) as gateway:
        talk = await gateway.start_direct("ana", "ben")
        await gateway.notifier.assign(0, 1, 2)
        async with asyncio.timeout(10):
            while gateway.components.links.is_ready:
                await asyncio.sleep(0.01)
        gateway.broker.away = gateway.store.away = gateway.ends.away = True
        gateway.broker.is_ready = False
        assert (await gateway.http.get("/readyz")).json() == {"status": "ready", "reasons": []}
        calls = [
            gateway.http.get("/messages/conversations?meId=ana"),
            gateway.http.get("/messages/sync?meId=ana"),
            gateway.http.post("/messages/start?meId=ana", json={"peerId": "ben"}),
            gateway.http.post("/messages?meId=ana", json={"conversationId": talk, "text": "hello"}),
        ]
        for answer in await asyncio.gather(*calls):
            assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "1"), answer.text
        async with gateway.connect("ana") as client:
            code, reason = await client.wait_closed()
        assert code == 1012
        assert int((reason or "").removeprefix("afterMs=")) > 0
