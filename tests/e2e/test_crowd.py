"""Twenty people in ten conversations, everything sent twice, over two gateways."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from aiokafka import AIOKafkaConsumer

from deploy.local.stack.state import Stack
from shared.contract import codec, entries
from shared.log.topics import Topics
from tests.conftest import StartStack
from tests.e2e import client
from tests.fixtures.platform import new_topic_prefix

USERS = [f"user-{n:02}" for n in range(20)]
MESSAGES = 2_000


async def test_frames_history_and_topic_agree_and_nothing_is_lost_or_doubled(start_stack: StartStack) -> None:
    prefix = new_topic_prefix()
    stack = start_stack(gateways=2, notifiers=2, projectors=2, env={"TOPIC_PREFIX": prefix})
    dice = random.Random(7)
    async with AsyncExitStack() as open_:
        https = [await open_.enter_async_context(client.http(url)) for url in stack.gateways]
        pairs = [(USERS[n], USERS[n + 10]) for n in range(10)]
        conversations = {await client.start(https[0], *pair): pair for pair in pairs}
        sockets = {
            (user, n): await open_.enter_async_context(client.socket(url, user))
            for user in USERS
            for n, url in enumerate(stack.gateways)
        }
        names = list(conversations)
        for n in range(MESSAGES):
            conversation = names[n % 10]
            sender = conversations[conversation][dice.randrange(2)]
            for gateway in (0, 1):
                await sockets[sender, gateway].send(
                    type="message", conversationId=conversation, text=f"text {n}", clientId=str(n)
                )
            if n % 50 == 0:
                await asyncio.sleep(0)
        await asyncio.gather(*(_complete(socket, user) for (user, _), socket in sockets.items()))
        accepted = await _accepted(list(sockets.values()))
        assert not any(socket.of("error") or socket.of("rejected") for socket in sockets.values())

        published = await _topic(stack, prefix, MESSAGES)
        seen: set[str] = set()
        for conversation, pair in conversations.items():
            truth = await client.history(https[1], pair[0], conversation)
            seen |= {item["id"] for item in truth}
            assert [item["seq"] for item in truth] == list(range(1, len(truth) + 1))
            assert [(e.data.id, e.data.seq) for e in published[conversation]] == [
                (item["id"], item["seq"]) for item in truth
            ]
            for user in pair:
                for gateway in (0, 1):
                    frames = sockets[user, gateway].of("message")
                    own = [frame for frame in frames if frame["conversationId"] == conversation]
                    assert [_bare(frame) for frame in own] == [_bare(item) for item in truth]
        assert {frame["id"] for frame in accepted} == seen
        assert len(seen) == MESSAGES


async def _accepted(sockets: Sequence[client.Socket]) -> list[client.Frame]:
    """`accepted` may arrive before or after the message."""
    async with asyncio.timeout(30):
        while True:
            accepted = [frame for socket in sockets for frame in socket.of("accepted")]
            if len(accepted) + sum(len(socket.of("error")) for socket in sockets) == 2 * MESSAGES:
                return accepted
            await asyncio.sleep(0.1)


async def _complete(socket: client.Socket, user: str) -> None:
    """Each of the ten conversations has 200 messages; each user is in one of them."""
    seqs: set[int] = set()

    def last(frame: client.Frame) -> bool:
        if frame["type"] == "message":
            seqs.add(frame["seq"])
        return len(seqs) == MESSAGES // 10

    await socket.find(last, patience=90)


def _bare(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("type", "isRead")}


async def _topic(stack: Stack, prefix: str, expected: int) -> dict[str, list[entries.MessageSentEntry]]:
    """Messages of the public topic by conversation, each entry once."""
    consumer = AIOKafkaConsumer(
        Topics.with_prefix(prefix).messages, bootstrap_servers=stack.kafka, auto_offset_reset="earliest"
    )
    await consumer.start()
    published: dict[str, dict[str, entries.MessageSentEntry]] = defaultdict(dict)
    try:
        while sum(len(own) for own in published.values()) < expected:
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                for record in records:
                    assert tuple(record.headers) == codec.HEADERS
                    entry = codec.decode_entry(record.value)
                    if isinstance(entry, entries.MessageSentEntry):
                        published[entry.subject].setdefault(entry.id, entry)
    finally:
        await consumer.stop()
    return {conversation: list(own.values()) for conversation, own in published.items()}
