"""Prints each message once, also when run again: python consumer.py 127.0.0.1:9092 chat.messages [seen.db]"""

import asyncio
import json
import sqlite3
import sys

import aiokafka

KEEP = "INSERT OR IGNORE INTO seen VALUES (:id, :senderId || ': ' || :text) RETURNING said"  # no row if known


async def main(bootstrap: str, topic: str, file: str = "seen.db") -> None:
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, said TEXT)")
    async with aiokafka.AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id="example-consumer",  # Kafka keeps this group's offsets, …
        enable_auto_commit=False,  # … committed only after the work is done
        auto_offset_reset="earliest",
    ) as consumer:
        while True:
            batches = await consumer.getmany(timeout_ms=1000)
            entries = [json.loads(record.value) for batch in batches.values() for record in batch]
            sent = [entry for entry in entries if entry["type"] == "chat.message.sent.v1"]  # ignore the rest
            with db:  # the id and the effect in one transaction: never one without the other
                new = [row for entry in sent for row in db.execute(KEEP, entry["data"] | {"id": entry["id"]})]
            print("".join(f"{line}\n" for (line,) in new), end="", flush=True)
            if batches:
                await consumer.commit()  # records repeated after a crash are known by their ids


try:
    asyncio.run(main(*sys.argv[1:]) if len(sys.argv) in (3, 4) else sys.exit(__doc__))
except KeyboardInterrupt:
    pass
except aiokafka.errors.KafkaError as error:
    sys.exit(f"{error}: is Kafka where you say it is?")
