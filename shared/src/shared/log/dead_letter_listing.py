"""Lists the dead letters for operators, without content: `python -m shared.log.dead_letter_listing`.

One JSON object a line, oldest first: when and by which service the record was given up, where it came from,
why, its type if this release knows it, and its size in bytes. Keys and values are personal content and are
never printed.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson

from shared.contract.entries import entry_adapter
from shared.contract.events import event_adapter
from shared.kafka import AccessDenied, TopicReader
from shared.kafka.types import RecordWithHeaders
from shared.log.topics import Topics
from shared.runtime.settings import KafkaSettings, load_settings

_DEFAULT_LIMIT = 1_000
_TIMEOUT_SECONDS = 60.0
_COPIED = ("time", "service", "topic", "partition", "offset", "reason")
"""Headers that `DeadLetters` writes; none holds content."""
_NUMBERS = ("partition", "offset")


def summarize(record: RecordWithHeaders) -> dict[str, Any]:
    """Describe a dead letter without its content; None for what it does not state."""
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    summary: dict[str, Any] = {name: headers.get(name) for name in _COPIED}
    for name in _NUMBERS:
        summary[name] = int(text) if (text := str(summary[name])).isdecimal() else None
    size = headers.get("cut-from", "")
    whole = int(size) if size.isdecimal() else len(record.value or b"")
    return {**summary, "type": _known_type(record.value), "bytes": whole}


async def list_dead_letters(settings: KafkaSettings, limit: int) -> AsyncIterator[dict[str, Any]]:
    """Yield the summaries of the last `limit` dead letters. Raises LookupError without the topic,
    AccessDenied without the right to read it, TimeoutError when Kafka does not answer."""
    topic = Topics.with_prefix(settings.topic_prefix).dead_letters
    reader = TopicReader(settings, topic, client_id="parley-dead-letters")
    await reader.start()
    try:
        if not await reader.partition_count():
            raise LookupError(f"there is no topic {topic}")
        end = (await reader.end_offsets([0]))[0]
        async for record in reader.scan(0, max(0, end - limit), end):
            yield summarize(record)
    finally:
        await reader.stop()


def _known_type(value: bytes | None) -> str | None:
    """Return the record's type; None for one that this release does not know: it may be anything."""
    try:
        record = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return None
    kind = record.get("type") if isinstance(record, Mapping) else None
    return kind if isinstance(kind, str) and kind in _TYPES else None


def _types(adapter: Any) -> set[str]:
    mapping = adapter.json_schema()["discriminator"]["mapping"]
    return set(mapping)


_TYPES = frozenset(_types(event_adapter) | _types(entry_adapter))


async def _print(settings: KafkaSettings, limit: int) -> None:
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        async for summary in list_dead_letters(settings, limit):
            print(orjson.dumps(summary).decode())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--last", type=int, default=_DEFAULT_LIMIT, help="how many (default: %(default)s)")
    limit = parser.parse_args().last
    if limit < 1:
        parser.error("--last must be at least 1")
    try:
        asyncio.run(_print(load_settings(KafkaSettings), limit))
    except TimeoutError:
        sys.exit("Kafka does not answer; check KAFKA_BOOTSTRAP")
    except AccessDenied as error:
        sys.exit(str(error))
    except LookupError as error:
        sys.exit(f"{error.args[0]}; check TOPIC_PREFIX")


if __name__ == "__main__":
    main()
