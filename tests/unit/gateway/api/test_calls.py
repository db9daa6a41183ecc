"""The REST calls, as a well-behaved client sees them."""

import asyncio

from shared.contract import cursor, ids
from tests.unit.gateway.gateway_fixture import EPOCH, STRANGE, House, opened, somebody


async def test_start_answers_the_same_conversation_to_both_members(house: House) -> None:
    ana, ben = somebody(), somebody()
    mine = await house.http.post(f"/messages/start?meId={ana}", json={"peerId": ben})
    theirs = await house.http.post(f"/messages/start?meId={ben}", json={"peerId": ana})
    assert (mine.status_code, theirs.status_code) == (200, 200)
    assert mine.json()["id"] == theirs.json()["id"] == ids.direct_conversation_id(ana, ben)
    assert theirs.json()["peerId"] == ana
    written = [event for event in house.written() if event.subject == mine.json()["id"]]
    assert len(written) == 1


async def test_a_message_is_accepted_once_however_often_it_is_sent(house: House) -> None:
    ana, ben = somebody(), somebody()
    conversation = await house.talk(ana, ben)
    body = {"conversationId": conversation, "text": "  hello  ", "clientId": "c1"}
    first, again = [await house.http.post(f"/messages?meId={ana}", json=body) for _ in range(2)]
    assert first.status_code == 202
    assert first.json() == {
        "id": ids.message_id(conversation, ana, "c1"),
        "conversationId": conversation,
        "position": f"{EPOCH}-{house.partition_of(conversation)}-{first.json()['position'].split('-')[2]}",
        "status": "accepted",
    }
    assert again.json()["id"] == first.json()["id"]
    history = await house.http.get(f"/messages/history?meId={ben}&conversationId={conversation}")
    assert [message["text"] for message in history.json()["items"]] == ["  hello  "]


async def test_who_prefers_to_wait_gets_the_message_for_a_repeat_too(house: House) -> None:
    ana, ben = somebody(), somebody()
    body = {"conversationId": await house.talk(ana, ben), "text": "hello", "clientId": "c1"}
    for prefer in ("wait", "wait=2", "respond-async, WAIT=99"):
        answer = await house.http.post(f"/messages?meId={ana}", json=body, headers={"Prefer": prefer})
        assert (answer.status_code, answer.headers["Preference-Applied"]) == (201, "wait")
        assert (answer.json()["seq"], answer.json()["text"]) == (1, "hello")
    ignored = await house.http.post(f"/messages?meId={ana}", json=body, headers={"Prefer": "wait=soon"})
    assert ignored.status_code == 202


async def test_who_prefers_to_wait_hears_the_rejection() -> None:
    async with opened() as house:
        house.door.membership.remember(STRANGE, "ana")
        answer = await house.http.post(
            "/messages?meId=ana",
            json={"conversationId": STRANGE, "text": "hello"},
            headers={"Prefer": "wait"},
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_who_waits_for_a_projection_that_stands_still_is_accepted(own_house: House) -> None:
    conversation = await own_house.talk("ana", "ben")
    own_house.store.frozen_at = tuple((await own_house.store.progress()).offsets)
    answer = await own_house.http.post(
        "/messages?meId=ana",
        json={"conversationId": conversation, "text": "hello"},
        headers={"Prefer": "wait"},
    )
    assert answer.status_code == 202


async def test_reading_moves_what_is_unread(house: House) -> None:
    ana, ben = somebody(), somebody()
    conversation = await house.talk(ana, ben)
    await house.http.post(f"/messages?meId={ana}", json={"conversationId": conversation, "text": "hello"})
    before = (await house.http.get(f"/messages/conversations?meId={ben}")).json()["items"][0]
    answer = await house.http.post(
        f"/messages/read?meId={ben}", json={"conversationId": conversation, "upTo": 1}
    )
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    position = answer.json()["position"]
    after = await house.http.get(f"/messages/conversations?meId={ben}&position={position}")
    assert (before["unreadCount"], after.json()["items"][0]["unreadCount"]) == (1, 0)


async def test_pages_carry_a_cursor_of_their_caller(house: House) -> None:
    ana = somebody()
    answer = await house.http.get("/messages/conversations", headers={"Authorization": f"Bearer {ana}"})
    assert answer.json()["items"] == []
    assert cursor.decode(answer.json()["cursor"]).belongs_to(ana)


async def test_a_user_id_may_hold_any_script(house: House) -> None:
    zoe = "Zoë 🌊 " + somebody()
    byheader = {b"Authorization": f"Bearer {zoe}".encode()}
    conversation = await house.http.post("/messages/start", json={"peerId": "日本"}, headers=byheader)
    listed = await house.http.get("/messages/conversations", params={"meId": zoe})
    assert listed.json()["items"][0]["id"] == conversation.json()["id"]


async def test_requests_are_named_and_keep_a_good_name(house: House) -> None:
    named = await house.http.get("/healthz", headers={"X-Request-Id": "abc-1"})
    renamed = await house.http.get("/healthz", headers={"X-Request-Id": "bad name!"})
    assert named.headers["X-Request-Id"] == "abc-1"
    assert len(renamed.headers["X-Request-Id"]) == 36


async def test_a_repeated_start_at_the_same_moment_is_one_conversation(house: House) -> None:
    ana, ben = somebody(), somebody()
    calls = [house.http.post(f"/messages/start?meId={ana}", json={"peerId": ben}) for _ in range(5)]
    assert len({answer.json()["id"] for answer in await asyncio.gather(*calls)}) == 1
    listed = await house.http.get(f"/messages/conversations?meId={ben}")
    assert len(listed.json()["items"]) == 1


async def test_the_home_page_links_to_the_documentation(house: House) -> None:
    page = await house.http.get("/")
    docs = await house.http.get("/docs")
    assert '<a href="/docs">' in page.text
    assert "https://" not in page.text
    assert "cdn" not in docs.text


async def test_probes_say_how_it_is(house: House) -> None:
    assert (await house.http.get("/healthz")).status_code == 200
    assert (await house.http.get("/readyz")).json() == {"status": "ready", "reasons": []}
    metrics = await house.http.get("/metrics")
    assert "gateway_sockets" in metrics.text
    assert "_created" not in metrics.text
    assert metrics.headers["Content-Type"].startswith("text/plain")
