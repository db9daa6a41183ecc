"""Creates topics, idempotently."""

import asyncio
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.kafka.types import TopicSpec


async def create_topics(bootstrap: str, specs: Sequence[TopicSpec], replication: int) -> None:
    """Create those topics that do not exist; wait for a broker without limit. Raises KafkaError."""
    admin = await _connected(bootstrap)
    try:
        response = await admin.create_topics(
            [NewTopic(s.name, s.partitions, replication, topic_configs=s.config) for s in specs]
        )
        for _, code, *_ in response.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise for_code(code)(f"topics could not be created: {response.topic_errors}")
    finally:
        await admin.close()


async def _connected(bootstrap: str) -> AIOKafkaAdminClient:
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            await admin.start()
        except (KafkaError, OSError):
            await admin.close()
            await asyncio.sleep(0.2)
        else:
            return admin
