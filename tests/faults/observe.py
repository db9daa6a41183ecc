"""Reads what the system holds, on every side that it shows, once it has come to rest."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx
import psycopg

from shared.contract import cursor
from shared.log.topics import Topics
from tests.faults import records, rows
from tests.faults.group import Backstage
from tests.faults.ledger import Frame, Ledger
from tests.faults.observed import Observed
from tests.faults.records import Records
from tests.faults.recount import Recount
from tests.faults.replay import replay
from tests.faults.strangers import trespass
from tests.platform import fresh_database

Found = TypeVar("Found")


async def observe(gateway: str, backstage: Backstage, ledger: Ledger, patience: float = 30) -> Observed:
    """Restricted to the conversations and users of `ledger`. What is not at rest after `patience` seconds is
    said in `unsettled`, and read as it is."""
    seen, mine = Observed(), ledger.conversations
    log = await _projected(backstage, seen, patience)
    for own in log:
        every = (records.logged(record, len(log)) for record in own)
        seen.log += [each for each in every if each.event and each.event["subject"] in mine]
    for partition, own in enumerate(await _published(backstage, seen, patience)):
        seen.topic[partition] = records.told(own, mine)
    async with httpx.AsyncClient(base_url=gateway, timeout=10) as http:
        await asyncio.gather(*(_ask(http, user, ledger, seen) for user in ledger.users))
        seen.trespasses = await trespass(http, ledger, Recount(seen.log).entries)
    await _answered(lambda: rows.count(backstage.database, seen, mine), patience)
    seen.meanwhile = _meanwhile(ledger, rows.progress(backstage.database), log)
    with fresh_database(backstage.database) as empty:
        await replay(log, empty)
        seen.replayed, seen.replayed_outcomes = rows.hashes(empty, mine), rows.outcomes(empty)
    return seen


def _meanwhile(ledger: Ledger, done: Mapping[int, int], log: Records) -> dict[int, range]:
    firsts = [cursor.decode(text).offsets for text in ledger.first.values()]
    begins = [min(offsets) for offsets in zip(*firsts, strict=True)]
    return {p: range(begin, min(done[p], len(log[p]))) for p, begin in enumerate(begins)}


async def _answered(ask: Callable[[], Found], patience: float) -> Found:
    """What the database says, once it says something. Raises psycopg.OperationalError after `patience`."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        try:
            return await asyncio.to_thread(ask)
        except psycopg.OperationalError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.2)


async def _projected(backstage: Backstage, seen: Observed, patience: float) -> Records:
    """The log, once all of it is projected."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        log = await records.whole(backstage.kafka, _topics(backstage).events, backstage.partitions)
        done = await _answered(lambda: rows.progress(backstage.database), patience)
        behind = [partition for partition, own in enumerate(log) if done.get(partition, 0) < len(own)]
        if not behind:
            return log
        if asyncio.get_running_loop().time() > deadline:
            seen.unsettled.append(f"the projection of partitions {behind} is behind after {patience:.0f} s")
            return log
        await asyncio.sleep(0.1)


async def _published(backstage: Backstage, seen: Observed, patience: float) -> Records:
    """The public topic, once all that is due was told."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        topic = await records.whole(backstage.kafka, _topics(backstage).messages, backstage.partitions)
        missing = await _answered(lambda: rows.due(backstage.database), patience) - records.ids(topic)
        if missing <= 0:
            return topic
        if asyncio.get_running_loop().time() > deadline:
            seen.unsettled.append(f"{missing} entries are not published after {patience:.0f} s")
            return topic
        await asyncio.sleep(0.1)


def _topics(backstage: Backstage) -> Topics:
    return Topics.with_prefix(backstage.topic_prefix)


async def _ask(http: httpx.AsyncClient, user: str, ledger: Ledger, seen: Observed) -> None:
    """Everything that this user is shown of it."""
    mine = ledger.conversations
    listed = await _pages(http, "/messages/conversations", user, "page", "nextPage")
    seen.lists[user] = {item["id"]: item for item in listed if item["id"] in mine}
    for conversation in seen.lists[user]:
        seen.histories[user, conversation] = await _history(http, user, conversation)
    entries = await _sync(http, user, ledger.first[user])
    seen.syncs[user] = [entry for entry in entries if entry["conversationId"] in mine]


async def _pages(http: httpx.AsyncClient, path: str, user: str, asked: str, told: str) -> list[Frame]:
    items: list[Frame] = []
    page: dict[str, Any] = {}
    while True:
        answer = await _get(http, path, meId=user, limit=100, **page)
        items += answer["items"]
        if answer[told] is None:
            return items
        page = {asked: answer[told]}


async def _history(http: httpx.AsyncClient, user: str, conversation: str) -> list[Frame]:
    items: list[Frame] = []
    bound: dict[str, Any] = {}
    while True:
        asked = {"meId": user, "conversationId": conversation, "limit": 100} | bound
        answer = await _get(http, "/messages/history", **asked)
        items = answer["items"] + items
        if not answer["hasMore"]:
            return items
        bound = {"before": items[0]["seq"]}


async def _sync(http: httpx.AsyncClient, user: str, cursor: str) -> list[Frame]:
    entries: list[Frame] = []
    while True:
        answer = await _get(http, "/messages/sync", meId=user, cursor=cursor, limit=100)
        entries, cursor = entries + answer["entries"], answer["cursor"]
        if not answer["hasMore"]:
            return entries


async def _get(http: httpx.AsyncClient, path: str, **params: Any) -> Any:
    """Raises AssertionError unless it is answered."""
    answer = await http.get(path, params=params)
    assert answer.status_code == 200, f"{path}: {answer.text}"
    return answer.json()
