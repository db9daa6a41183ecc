"""Creates topics, idempotently, and describes those that exist."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaError,
    LeaderNotAvailableError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from shared.kafka.connection import ConnectionLog, Kafka, connection_arguments, denied
from shared.kafka.types import TopicSpec
from shared.runtime.back_off import BackOff

_CLIENT_ID = "parley-topics"


async def create_topics(kafka: Kafka, specs: Sequence[TopicSpec], replication: int) -> None:
    """Create those topics that do not exist; wait for a broker without limit. Raises KafkaError,
    AccessDenied."""
    async with _connected(kafka) as admin:
        response = await admin.create_topics(
            [NewTopic(s.name, s.partitions, replication, topic_configs=s.config) for s in specs]
        )
        for _, code, *_ in response.topic_errors:
            _require(code, f"topics could not be created: {response.topic_errors}", TopicAlreadyExistsError)


async def describe_topics(kafka: Kafka, names: Sequence[str]) -> dict[str, TopicSpec]:
    """Return the topics of these names that the broker shows, by name, each with its whole configuration; one
    that was created just now may be missing. Waits for a broker without limit. Raises KafkaError,
    AccessDenied."""
    async with _connected(kafka) as admin:
        partitions: dict[str, int] = {}
        for topic in await admin.describe_topics(list(names)):
            _require(topic["error_code"], f"{topic['topic']} cannot be described", *_NOT_THERE_YET)
            partitions[topic["topic"]] = len(topic["partitions"])
        described = [name for name in names if partitions.get(name)]
        return {
            name: TopicSpec(name, partitions[name], config)
            for name, config in (await _configurations(admin, described)).items()
        }


_NOT_THERE_YET = (UnknownTopicOrPartitionError, LeaderNotAvailableError)


async def _configurations(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    found: dict[str, dict[str, str]] = {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    for response in await admin.describe_configs(resources):
        for code, _, _, name, entries, *_ in response.resources:
            _require(code, f"the configuration of {name} cannot be read", *_NOT_THERE_YET)
            found[name] = {key: value for key, value, *_ in entries}
    return found


def _require(code: int, message: str, *accepted: type[KafkaError]) -> None:
    """Raise the error of the code, unless it is none or one of those accepted."""
    if code and code not in [each.errno for each in accepted]:
        error = for_code(code)(message)
        raise denied(error) or error


@asynccontextmanager
async def _connected(kafka: Kafka) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = await _connect(kafka)
    try:
        yield admin
    finally:
        await admin.close()


async def _connect(kafka: Kafka) -> AIOKafkaAdminClient:
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
