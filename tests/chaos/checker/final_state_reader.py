"""Reads what the system holds, on every side that it shows, once it has come to rest."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx
import psycopg

from shared import cursor
from shared.topics import Topics
from tests.chaos.checker import tables as rows
from tests.chaos.checker import topics as records
from tests.chaos.checker.authorization_probe import probe_authorization
from tests.chaos.checker.final_state import FinalState
from tests.chaos.checker.history import Frame, History
from tests.chaos.checker.reference_model import ReferenceModel
from tests.chaos.checker.replay import replay
from tests.chaos.checker.topics import Records
from tests.chaos.load.admin_client import Backend
from tests.platform import fresh_database

Found = TypeVar("Found")


async def read_final_state(
    gateway: str, backend: Backend, history: History, patience: float = 30
) -> FinalState:
    """Restricted to the conversations and users of `history`. What is not at rest after `patience` seconds is
    said in `unsettled`, and read as it is."""
    seen, mine = FinalState(), history.conversations
    log = await _projected(backend, seen, patience)
    for own in log:
        every = (records.logged(record, len(log)) for record in own)
        seen.log += [each for each in every if each.event and each.event["subject"] in mine]
    for partition, own in enumerate(await _published(backend, seen, patience)):
        seen.topic[partition] = records.told(own, mine)
    async with httpx.AsyncClient(base_url=gateway, timeout=10) as http:
        await asyncio.gather(*(_ask(http, user, history, seen) for user in history.users))
        seen.probe_results = await probe_authorization(http, history, ReferenceModel(seen.log).entries)
    await _answered(lambda: rows.count(backend.database, seen, mine), patience)
    seen.meanwhile = _meanwhile(history, rows.progress(backend.database), log)
    with fresh_database(backend.database) as empty:
        await replay(log, empty)
        seen.replayed, seen.replayed_outcomes = rows.hashes(empty, mine), rows.outcomes(empty)
    return seen


def _meanwhile(history: History, done: Mapping[int, int], log: Records) -> dict[int, range]:
    firsts = [cursor.decode(text).offsets for text in history.first.values()]
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


async def _projected(backend: Backend, seen: FinalState, patience: float) -> Records:
    """The log, once all of it is projected."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        log = await records.whole(backend.kafka, _topics(backend).events, backend.partitions)
        done = await _answered(lambda: rows.progress(backend.database), patience)
        behind = [partition for partition, own in enumerate(log) if done.get(partition, 0) < len(own)]
        if not behind:
            return log
        if asyncio.get_running_loop().time() > deadline:
            seen.unsettled.append(f"the projection of partitions {behind} is behind after {patience:.0f} s")
            return log
        await asyncio.sleep(0.1)


async def _published(backend: Backend, seen: FinalState, patience: float) -> Records:
    """The public topic, once all that is due was told."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        topic = await records.whole(backend.kafka, _topics(backend).messages, backend.partitions)
        missing = await _answered(lambda: rows.due(backend.database), patience) - records.ids(topic)
        if missing <= 0:
            return topic
        if asyncio.get_running_loop().time() > deadline:
            seen.unsettled.append(f"{missing} entries are not published after {patience:.0f} s")
            return topic
        await asyncio.sleep(0.1)


def _topics(backend: Backend) -> Topics:
    return Topics.named(backend.topic_prefix)


async def _ask(http: httpx.AsyncClient, user: str, history: History, seen: FinalState) -> None:
    """Everything that this user is shown of it."""
    mine = history.conversations
    listed = await _pages(http, "/messages/conversations", user, "page", "nextPage")
    seen.lists[user] = {item["id"]: item for item in listed if item["id"] in mine}
    for conversation in seen.lists[user]:
        seen.histories[user, conversation] = await _history(http, user, conversation)
    entries = await _sync(http, user, history.first[user])
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
