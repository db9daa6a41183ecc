"""Creates topics, idempotently."""

from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.kafka.connection import ConnectionLog, Kafka, connection_arguments, denied
from shared.kafka.types import TopicSpec
from shared.runtime.back_off import BackOff

_CLIENT_ID = "parley-topics"


async def create_topics(kafka: Kafka, specs: Sequence[TopicSpec], replication: int) -> None:
    """Create those topics that do not exist; wait for a broker without limit. Raises KafkaError,
    AccessDenied."""
    admin = await _connected(kafka)
    try:
        response = await admin.create_topics(
            [NewTopic(s.name, s.partitions, replication, topic_configs=s.config) for s in specs]
        )
        for _, code, *_ in response.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                error = for_code(code)(f"topics could not be created: {response.topic_errors}")
                raise denied(error) or error
    finally:
        await admin.close()


async def _connected(kafka: Kafka) -> AIOKafkaAdminClient:
    back_off, connection_log = BackOff(0.2, 2.0), ConnectionLog(kafka, _CLIENT_ID)
    while True:
        admin = AIOKafkaAdminClient(client_id=_CLIENT_ID, **connection_arguments(kafka))
        try:
            await admin.start()
        except (KafkaError, OSError) as error:
            await admin.close()
            await connection_log.waiting(error)
            await back_off.sleep()
        else:
            connection_log.connected()
            return admin
