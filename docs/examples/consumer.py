"""Prints every message once and, when run again, goes on where it was:
python consumer.py 127.0.0.1:9092 chat.messages [seen.db]
"""

import asyncio
import json
import sqlite3
import sys

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

INSERT = "INSERT OR IGNORE INTO seen VALUES (?, ?) RETURNING said"  # returns nothing for an id that is there


async def main(bootstrap: str, topic: str, file: str = "seen.db") -> None:
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, said TEXT)")
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id="example-consumer",  # Kafka remembers for this group where it was …
        enable_auto_commit=False,  # … but only once we say that we are done
        auto_offset_reset="earliest",
    )
    async with consumer:
        while True:
            batches = await consumer.getmany(timeout_ms=1000)
            entries = [json.loads(record.value) for batch in batches.values() for record in batch]
            sent = [entry for entry in entries if entry["type"] == "chat.message.sent.v1"]  # ignore the rest
            with db:  # the id and what is done about it in one transaction: never one without the other
                said = [(each["id"], f"{each['data']['senderId']}: {each['data']['text']}") for each in sent]
                fresh = [row for each in said for row in db.execute(INSERT, each)]
            for (line,) in fresh:
                print(line, flush=True)
            if batches:
                await consumer.commit()  # what comes again after a crash up to here is known by its id


try:
    asyncio.run(main(*sys.argv[1:]) if len(sys.argv) in (3, 4) else sys.exit(__doc__))
except KeyboardInterrupt:
    pass
except KafkaError as error:
    sys.exit(f"{error}: is Kafka where you say it is?")
