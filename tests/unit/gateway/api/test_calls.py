"""The REST calls, as a well-behaved client sees them."""

import asyncio

from shared.contract import cursor, ids
from tests.unit.gateway.gateway_fixture import (
    EPOCH,
    UNKNOWN_CONVERSATION,
    GatewayFixture,
    run_gateway,
    unique_user,
)


async def test_start_answers_the_same_conversation_to_both_members(gateway: GatewayFixture) -> None:
    ana, ben = unique_user(), unique_user()
    mine = await gateway.http.post(f"/messages/start?meId={ana}", json={"peerId": ben})
    theirs = await gateway.http.post(f"/messages/start?meId={ben}", json={"peerId": ana})
    assert (mine.status_code, theirs.status_code) == (200, 200)
    assert mine.json()["id"] == theirs.json()["id"] == ids.direct_conversation_id(ana, ben)
    assert theirs.json()["peerId"] == ana
    written = [event for event in gateway.written_events() if event.subject == mine.json()["id"]]
    assert len(written) == 1


async def test_a_message_is_accepted_once_however_often_it_is_sent(gateway: GatewayFixture) -> None:
    ana, ben = unique_user(), unique_user()
    conversation = await gateway.start_direct(ana, ben)
    body = {"conversationId": conversation, "text": "  hello  ", "clientId": "c1"}
    first, again = [await gateway.http.post(f"/messages?meId={ana}", json=body) for _ in range(2)]
    assert first.status_code == 202
    assert first.json() == {
        "id": ids.message_id(conversation, ana, "c1"),
        "conversationId": conversation,
        "position": f"{EPOCH}-{gateway.partition_of(conversation)}-{first.json()['position'].split('-')[2]}",
        "status": "accepted",
    }
    assert again.json()["id"] == first.json()["id"]
    history = await gateway.http.get(f"/messages/history?meId={ben}&conversationId={conversation}")
    assert [message["text"] for message in history.json()["items"]] == ["  hello  "]


async def test_who_prefers_to_wait_gets_the_message_for_a_repeat_too(gateway: GatewayFixture) -> None:
    ana, ben = unique_user(), unique_user()
    body = {"conversationId": await gateway.start_direct(ana, ben), "text": "hello", "clientId": "c1"}
    for prefer in ("wait", "wait=2", "respond-async, WAIT=99"):
        answer = await gateway.http.post(f"/messages?meId={ana}", json=body, headers={"Prefer": prefer})
        assert (answer.status_code, answer.headers["Preference-Applied"]) == (201, "wait")
        assert (answer.json()["seq"], answer.json()["text"]) == (1, "hello")
    ignored = await gateway.http.post(f"/messages?meId={ana}", json=body, headers={"Prefer": "wait=soon"})
    assert ignored.status_code == 202


async def test_who_prefers_to_wait_hears_the_rejection() -> None:
    async with run_gateway() as gateway:
        gateway.components.membership.add(UNKNOWN_CONVERSATION, "ana")
        answer = await gateway.http.post(
            "/messages?meId=ana",
            json={"conversationId": UNKNOWN_CONVERSATION, "text": "hello"},
            headers={"Prefer": "wait"},
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_who_waits_for_a_projection_that_stands_still_is_accepted(own_gateway: GatewayFixture) -> None:
    conversation = await own_gateway.start_direct("ana", "ben")
    own_gateway.store.frozen_at = tuple((await own_gateway.store.progress()).offsets)
    answer = await own_gateway.http.post(
        "/messages?meId=ana",
        json={"conversationId": conversation, "text": "hello"},
        headers={"Prefer": "wait"},
    )
    assert answer.status_code == 202


async def test_reading_moves_what_is_unread(gateway: GatewayFixture) -> None:
    ana, ben = unique_user(), unique_user()
    conversation = await gateway.start_direct(ana, ben)
    await gateway.http.post(f"/messages?meId={ana}", json={"conversationId": conversation, "text": "hello"})
    before = (await gateway.http.get(f"/messages/conversations?meId={ben}")).json()["items"][0]
    answer = await gateway.http.post(
        f"/messages/read?meId={ben}", json={"conversationId": conversation, "upTo": 1}
    )
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    position = answer.json()["position"]
    after = await gateway.http.get(f"/messages/conversations?meId={ben}&position={position}")
    assert (before["unreadCount"], after.json()["items"][0]["unreadCount"]) == (1, 0)


async def test_pages_carry_a_cursor_of_their_caller(gateway: GatewayFixture) -> None:
    ana = unique_user()
    answer = await gateway.http.get("/messages/conversations", headers={"Authorization": f"Bearer {ana}"})
    assert answer.json()["items"] == []
    assert cursor.decode(answer.json()["cursor"]).belongs_to(ana)


async def test_a_user_id_may_hold_any_script(gateway: GatewayFixture) -> None:
    zoe = "Zoë 🌊 " + unique_user()
    byheader = {b"Authorization": f"Bearer {zoe}".encode()}
    conversation = await gateway.http.post("/messages/start", json={"peerId": "日本"}, headers=byheader)
    listed = await gateway.http.get("/messages/conversations", params={"meId": zoe})
    assert listed.json()["items"][0]["id"] == conversation.json()["id"]


async def test_requests_are_named_and_keep_a_good_name(gateway: GatewayFixture) -> None:
    named = await gateway.http.get("/healthz", headers={"X-Request-Id": "abc-1"})
    renamed = await gateway.http.get("/healthz", headers={"X-Request-Id": "bad name!"})
    assert named.headers["X-Request-Id"] == "abc-1"
    assert len(renamed.headers["X-Request-Id"]) == 36


async def test_a_repeated_start_at_the_same_moment_is_one_conversation(gateway: GatewayFixture) -> None:
    ana, ben = unique_user(), unique_user()
    calls = [gateway.http.post(f"/messages/start?meId={ana}", json={"peerId": ben}) for _ in range(5)]
    assert len({answer.json()["id"] for answer in await asyncio.gather(*calls)}) == 1
    listed = await gateway.http.get(f"/messages/conversations?meId={ben}")
    assert len(listed.json()["items"]) == 1


async def test_the_home_page_links_to_the_documentation(gateway: GatewayFixture) -> None:
    page = await gateway.http.get("/")
    docs = await gateway.http.get("/docs")
    assert '<a href="/docs">' in page.text
    assert "https://" not in page.text
    assert "cdn" not in docs.text


async def test_probes_report_the_state(gateway: GatewayFixture) -> None:
    assert (await gateway.http.get("/healthz")).status_code == 200
    assert (await gateway.http.get("/readyz")).json() == {"status": "ready", "reasons": []}


async def test_metrics_are_not_on_the_public_port(gateway: GatewayFixture) -> None:
    assert (await gateway.http.get("/metrics")).status_code == 404
