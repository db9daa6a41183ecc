"""Reads the final state from every interface of the system, once it has settled."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import psycopg

from shared.contract import cursor
from shared.log.topics import Topics
from tests.chaos.checker import tables, topics
from tests.chaos.checker.authorization_probe import probe_authorization
from tests.chaos.checker.final_state import FinalState
from tests.chaos.checker.history import Frame, History
from tests.chaos.checker.reference_model import ReferenceModel
from tests.chaos.checker.replay import replay
from tests.chaos.checker.topics import Records
from tests.chaos.load.admin_client import Backend
from tests.e2e import client
from tests.fixtures.platform import fresh_database

T = TypeVar("T")

_TOPICS = Topics.with_prefix("")


async def read_final_state(
    gateway: str, backend: Backend, history: History, max_seconds: float = 30
) -> FinalState:
    """Of the conversations and users of `history`. What has not settled after `max_seconds` is listed in
    `unsettled` and read as it is."""
    state, conversations = FinalState(), history.conversations
    log = await _settled(lambda: _read_log(backend, max_seconds), max_seconds, state.unsettled)
    records = (topics.log_record(record) for partition in log for record in partition)
    state.log = [record for record in records if record.event and record.event["subject"] in conversations]
    published = await _settled(lambda: _read_messages(backend, max_seconds), max_seconds, state.unsettled)
    state.topic = {p: topics.entries_of(own, conversations) for p, own in enumerate(published)}
    async with httpx.AsyncClient(base_url=gateway, timeout=10) as http:
        await asyncio.gather(*(_read_as(user, http, history, state) for user in history.users))
        state.probe_results = await probe_authorization(http, history, ReferenceModel(state.log).entries)
    database = backend.database
    state.unread = await _query(lambda: tables.count_unread(database, conversations), max_seconds)
    state.projection = await _query(lambda: tables.read_projection(database, conversations), max_seconds)
    starts = [cursor.decode(start).offsets for start in history.start_cursors.values()]
    next_offsets = tables.next_offsets(database)
    for partition, offsets in enumerate(zip(*starts, strict=True)):
        state.offsets[partition] = range(min(offsets), min(next_offsets[partition], len(log[partition])))
    with fresh_database(database) as empty:
        await replay(log, empty)
        state.replayed = tables.read_projection(empty, conversations)
    return state


async def _settled(
    read: Callable[[], Awaitable[tuple[T, str]]], max_seconds: float, unsettled: list[str]
) -> T:
    """Read until nothing is pending. `read` returns a value and a description of what is."""
    deadline = asyncio.get_running_loop().time() + max_seconds
    while True:
        value, pending = await read()
        if not pending:
            return value
        if asyncio.get_running_loop().time() > deadline:
            unsettled.append(f"{pending} after {max_seconds:.0f} s")
            return value
        await asyncio.sleep(0.1)


async def _read_log(backend: Backend, max_seconds: float) -> tuple[Records, str]:
    log = await topics.read_topic(backend.kafka, _TOPICS.events)
    projected = await _query(lambda: tables.next_offsets(backend.database), max_seconds)
    behind = [partition for partition, own in enumerate(log) if projected.get(partition, 0) < len(own)]
    return log, f"the projection of partitions {behind} is behind" if behind else ""


async def _read_messages(backend: Backend, max_seconds: float) -> tuple[Records, str]:
    records = await topics.read_topic(backend.kafka, _TOPICS.messages)
    expected = await _query(lambda: tables.count_publishable(backend.database), max_seconds)
    missing = expected - topics.count_entries(records)
    return records, f"{missing} entries are not published" if missing > 0 else ""


async def _query(query: Callable[[], T], max_seconds: float) -> T:
    """Retry while PostgreSQL is unavailable. Raises psycopg.OperationalError after `max_seconds`."""
    deadline = asyncio.get_running_loop().time() + max_seconds
    while True:
        try:
            return await asyncio.to_thread(query)
        except psycopg.OperationalError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.2)


async def _read_as(user: str, http: httpx.AsyncClient, history: History, state: FinalState) -> None:
    """Everything that this user is shown."""
    conversations = history.conversations
    listed = await _read_pages(http, "/messages/conversations", "items", {"meId": user})
    state.lists[user] = {item["id"]: item for item in listed if item["id"] in conversations}
    for conversation in state.lists[user]:
        state.histories[user, conversation] = await client.history(http, user, conversation)
    start = {"meId": user, "cursor": history.start_cursors[user]}
    entries = await _read_pages(http, "/messages/sync", "entries", start)
    state.syncs[user] = [entry for entry in entries if entry["conversationId"] in conversations]


async def _read_pages(http: httpx.AsyncClient, path: str, items: str, params: dict[str, str]) -> list[Frame]:
    """All items, page by page. Raises AssertionError unless each request succeeds."""
    read: list[Frame] = []
    while True:
        response = await http.get(path, params={"limit": "100"} | params)
        assert response.status_code == 200, f"{path}: {response.text}"
        page = response.json()
        read += page[items]
        if page.get("nextPage") is None and not page.get("hasMore"):
            return read
        params = params | ({"page": page["nextPage"]} if "nextPage" in page else {"cursor": page["cursor"]})
