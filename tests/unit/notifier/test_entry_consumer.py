"""The loop over a log in memory: take, tell, commit; and what a change of assignment does in between."""

from collections.abc import Awaitable, Callable

import pytest

from notifier.live.dispatcher import Switchboard
from notifier.live.entry_consumer import Reader
from notifier.live.start_offsets import BACK, Starts
from shared.kafka import RecordPosition, Unconfirmed
from shared.kafka.types import Headers
from shared.log.dead_letters import DeadLetters
from shared.testing.in_memory_kafka import (
    InMemoryConsumer,
    InMemoryLog,
    InMemoryProducer,
    InMemoryTopicReader,
)
from tests.entry_builders import record, sent
from tests.unit.notifier.link_fixture import headers, linked

TOPIC, DEAD = "chat.messages", "chat.dead-letters"


class FlakyProducer(InMemoryProducer):
    """Does not confirm the first attempts; `between` happens meanwhile."""

    def __init__(self, log: InMemoryLog) -> None:
        super().__init__(log)
        self.failures = 0
        self.attempted: Callable[[], object] = int

    async def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> Awaitable[RecordPosition]:
        self.attempted()
        if self.failures:
            self.failures -= 1
            raise Unconfirmed
        return await super().send(topic, partition, key, value, headers)


class Scene:
    def __init__(self) -> None:
        self.log = InMemoryLog(2)
        self.consumer = InMemoryConsumer(self.log, TOPIC)
        self.producer = FlakyProducer(self.log)
        self.switchboard = Switchboard()
        self.switchboard.open(2)
        self.reader = Reader(
            self.consumer,
            Starts(self.consumer, InMemoryTopicReader(self.log, TOPIC)),
            self.switchboard,
            DeadLetters(self.producer, DEAD, "notifier"),
            TOPIC,
        )
        self.link = linked(self.switchboard, "alice")

    def publish(self, *places: int, partition: int = 0) -> None:
        for place in places:
            self.log.append(TOPIC, partition, b"key", record(sent(place), 0).value)

    def told(self) -> list[tuple[int, int]]:
        """The stretches of the entries that were told."""
        return [(m["after"], m["upTo"]) for m in headers(self.link) if m["type"] == "entry"]


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.reader.step()
    return scene


async def test_what_is_published_is_told_and_committed(scene: Scene) -> None:
    scene.publish(1, 2, 3)
    await scene.reader.step()
    assert scene.told() == [(0, 1), (1, 2), (2, 3)]
    await scene.reader.commit()
    assert scene.log.committed == {(TOPIC, 0): 3, (TOPIC, 1): 0}


async def test_nothing_is_committed_of_which_the_gateways_have_not_heard(scene: Scene) -> None:
    scene.switchboard.withdraw(scene.link, 2, ["alice"])
    scene.publish(1, 2)
    await scene.reader.step()
    await scene.reader.commit()
    assert headers(scene.link)[-1]["partitions"]["0"] == {"after": 0, "upTo": 2, "covers": 3}


async def test_a_restart_begins_a_little_before_the_commit(scene: Scene) -> None:
    scene.publish(*range(1, BACK + 4))
    while scene.switchboard.streams[0].at < BACK + 3:
        await scene.reader.step()
    await scene.reader.commit()
    scene.consumer.assign({0, 1})
    scene.publish(BACK + 4)
    headers(scene.link)
    await scene.reader.step()
    assert scene.log.committed[TOPIC, 0] == BACK + 3
    while scene.switchboard.streams[0].at < BACK + 4:
        await scene.reader.step()
    stretches = scene.told()
    assert (stretches[0], stretches[-1]) == ((3, 4), (BACK + 3, BACK + 4))
    assert len(stretches) == BACK + 1


async def test_what_was_put_away_before_the_commit_is_not_put_away_again(scene: Scene) -> None:
    scene.log.append(TOPIC, 0, b"its key", b"?")
    await scene.reader.step()
    await scene.reader.commit()
    scene.log.append(TOPIC, 0, b"another", b"?")
    scene.consumer.assign({0, 1})
    await scene.reader.step()
    await scene.reader.step()
    assert [dead.key for dead in scene.log.topics[DEAD][0]] == [b"its key", b"another"]


async def test_a_record_that_cannot_be_read_is_put_away_and_the_rest_goes_on(scene: Scene) -> None:
    scene.publish(1)
    scene.log.append(TOPIC, 0, b"its key", b"\xff")
    scene.publish(2)
    await scene.reader.step()
    assert scene.told() == [(0, 1), (1, 3)]
    (dead,) = scene.log.topics[DEAD][0]
    assert (dead.key, dead.value) == (b"its key", b"\xff")


async def test_nothing_goes_on_before_the_dead_letter_is_confirmed(scene: Scene) -> None:
    scene.producer.failures = 2
    waiting: list[int] = []
    scene.producer.attempted = lambda: waiting.append(scene.switchboard.streams[0].at)
    scene.log.append(TOPIC, 0, None, None)
    scene.publish(1)
    await scene.reader.step()
    assert waiting == [0, 0, 0]
    assert scene.told() == [(0, 2)]


async def test_nothing_more_of_a_partition_is_told_once_it_is_taken_away(scene: Scene) -> None:
    scene.producer.attempted = lambda: scene.consumer.assign({1})
    scene.publish(1)
    scene.log.append(TOPIC, 0, None, b"?")
    scene.publish(2)
    scene.publish(5, partition=1)
    await scene.reader.step()
    assert not scene.reader.current
    assert scene.told() == [(0, 1)]
    scene.reader.progress()
    *_, owns = headers(scene.link)
    assert owns == {"type": "owns", "count": 2, "partitions": {}}


async def test_what_was_taken_of_other_partitions_is_dropped_when_all_are_taken_away(scene: Scene) -> None:
    def taken_away() -> None:
        scene.consumer.assign(())
        scene.reader.progress()

    scene.producer.attempted = taken_away
    for partition in (0, 1):
        scene.log.append(TOPIC, partition, None, b"?")
    await scene.reader.step()
    assert len(scene.log.topics[DEAD][0]) == 1
    assert not scene.reader.current


async def test_a_partition_taken_away_is_not_committed(scene: Scene) -> None:
    scene.publish(1)
    await scene.reader.step()
    scene.consumer.assign(())
    await scene.reader.commit()
    assert scene.log.committed == {(TOPIC, 0): 0, (TOPIC, 1): 0}


async def test_where_a_partition_begins_is_committed_at_once(scene: Scene) -> None:
    assert scene.log.committed == {(TOPIC, 0): 0, (TOPIC, 1): 0}
