"""All of Parley on a Kafka with SASL, TLS and access control, and with TLS between its services: each does
its work with the rights of `shared.log.rights`, and nothing else."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)

from deploy.local.stack import end_to_end, services
from deploy.local.stack.services import Counts, Services
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.handle import ProcessHandle
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.process import Process
from deploy.local.supervisor.runner import StackContext
from deploy.local.supervisor.supervisor import Supervisor
from shared.kafka import AccessDenied, Consumer, OutgoingRecord, Producer, TopicReader, TopicSpec
from shared.kafka.admin import create_topics
from shared.kafka.connection import connection_arguments
from shared.log.dead_letter_listing import list_dead_letters
from shared.log.rights import NOTIFIER_GROUP, PRINCIPAL_PREFIX, PROJECTOR_GROUP, rights
from shared.log.topics import Topics
from shared.runtime.kafka_settings import KafkaSettings
from tests.e2e import client
from tests.fixtures.certificates import Authority
from tests.fixtures.platform import Platform, fresh_database
from tests.fixtures.secured_kafka import BROKER, SecuredKafka, as_settings

UNKNOWN = "parley-stranger"
"""A user with a password and without any right."""
TOPICS = Topics.with_prefix()
_TOPICS_JOB = (sys.executable, "-m", "shared.log.topics")


def _environment(kafka: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **kafka}


@dataclass
class Site:
    kafka: SecuredKafka
    gateway: str
    folder: Path
    handles: list[ProcessHandle]

    def settings(self, service: str) -> KafkaSettings:
        return as_settings(self.kafka.sasl(PRINCIPAL_PREFIX + service))

    @property
    def unknown(self) -> KafkaSettings:
        return as_settings(self.kafka.sasl(UNKNOWN))

    @property
    def admin(self) -> KafkaSettings:
        return as_settings(self.kafka.sasl(BROKER))


@pytest.fixture(scope="module")
async def site(real_platform: Platform) -> AsyncIterator[Site]:
    """Two projectors and one of everything else, each with a principal of its own."""
    folder = Path(tempfile.mkdtemp(prefix="parley-secured-"))
    ports = Ports({"PORT": "0"}, {})
    context = StackContext(Console(), ports, folder, max_restarts=100)
    handles: list[ProcessHandle] = []

    def record(running: Sequence[ProcessHandle]) -> None:
        handles[:] = running

    (folder / "suspend").mkdir()
    kafka = SecuredKafka.in_folder(
        folder / "kafka", ports, [UNKNOWN, *(PRINCIPAL_PREFIX + service for service in rights())]
    )
    broker, own = kafka.broker(), Services.choose(Counts(projectors=2), ports)

    def secured(process: Process, service: str) -> Process:
        """With a principal of its own at Kafka, and TLS towards the other services."""
        env = dict(process.env)
        if service != "store":
            env |= kafka.sasl(PRINCIPAL_PREFIX + service)
        if service in ("store", "notifier"):
            certificate = str(kafka.authority.issue(service))
            env |= {"TLS_CERT_FILE": certificate, "TLS_KEY_FILE": certificate}
        if service == "gateway":
            env["STORE_URL"] = env["STORE_URL"].replace("http:", "https:")
            env["INTERNAL_CA_FILE"] = str(kafka.authority.certificate)
        return replace(process, env=env)

    try:
        with fresh_database(real_platform.database) as database:
            async with Supervisor(context, record) as supervisor:
                await broker.prepare(supervisor.run_to_completion)
                await supervisor.start(broker.broker())
                await kafka.grant(rights())
                await supervisor.run_to_completion(secured(services.topics(broker.bootstrap), "topics"))
                await supervisor.run_to_completion(services.migrations(database))
                for stage in own.stages(broker.bootstrap, database):
                    await supervisor.start(*(secured(process, stage[0].name) for process in stage))
                gateway = f"http://127.0.0.1:{own.gateways[0]}"
                await end_to_end.wait_until_serving([gateway])
                yield Site(kafka, gateway, folder, handles)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def http(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with client.http(site.gateway) as opened:
        yield opened


@asynccontextmanager
async def running(kafka: Producer | Consumer | TopicReader) -> AsyncIterator[None]:
    await kafka.start()
    try:
        yield
    finally:
        await kafka.stop()


async def test_two_people_talk_and_read_their_history(site: Site, http: httpx.AsyncClient) -> None:
    async with client.socket(site.gateway, "ann") as ann, client.socket(site.gateway, "bob") as bob:
        conversation = await client.start(http, "ann", "bob")
        await bob.expect(type="conversation")
        await ann.send(type="message", conversationId=conversation, text="hello, Bob")
        message = await bob.expect(type="message", text="hello, Bob")
        await bob.send(type="read", conversationId=conversation, upTo=1)
        await ann.expect(type="read", upTo=1)
    assert [item["id"] for item in await client.history(http, "bob", conversation)] == [message["id"]]


async def test_another_projector_takes_over_from_a_killed_one(site: Site, http: httpx.AsyncClient) -> None:
    conversations = [await client.start(http, "cat", f"dan-{number}") for number in range(12)]
    suspended = site.folder / "suspend" / "projector"
    suspended.touch()
    try:
        (killed,) = (handle for handle in site.handles if handle.name == "projector")
        killed.signal(signal.SIGKILL)
        for conversation in conversations:
            sent = await http.post(
                "/messages",
                params={"meId": "cat"},
                json={"conversationId": conversation, "text": "still here"},
                headers={"Prefer": "wait=10"},
                timeout=30,
            )
            if sent.status_code == 202:  # within the seconds that the group takes to miss it
                await _until_in_history(http, "cat", conversation)
            else:
                assert sent.status_code == 201, sent.text
    finally:
        suspended.unlink()


async def _until_in_history(http: httpx.AsyncClient, user: str, conversation: str) -> None:
    async with asyncio.timeout(60):
        while not await client.history(http, user, conversation):
            await asyncio.sleep(0.1)


async def test_a_record_that_is_no_event_becomes_a_dead_letter(site: Site) -> None:
    producer = Producer(site.admin, client_id="test")
    dead_letters = TopicReader(site.admin, TOPICS.dead_letters, client_id="test")
    async with running(producer), running(dead_letters):
        await producer.append_batch(TOPICS.events, 0, [OutgoingRecord(b"key", b"no event")])
        async with asyncio.timeout(20):
            while (await dead_letters.end_offsets([0]))[0] == 0:
                await asyncio.sleep(0.1)
        (record,) = (await dead_letters.records_at({0: 0})).values()
    assert record.value == b"no event"
    (listed,) = [summary async for summary in list_dead_letters(site.settings("operator"), 10)]
    assert (listed["service"], listed["topic"], listed["bytes"]) == ("message-store", TOPICS.events, 8)


async def _read(kafka: KafkaSettings, topic: str) -> None:
    reader = TopicReader(kafka, topic, client_id="test")
    async with running(reader):
        assert await reader.partition_count() > 0
        await reader.records_at({0: 0})


async def _write(kafka: KafkaSettings, topic: str) -> None:
    """Write as plainly as a client can, without asking for a producer id first."""
    async with AIOKafkaProducer(**connection_arguments(kafka), acks="all") as producer:
        await producer.send_and_wait(topic, b"forged", partition=0)


async def _join(kafka: KafkaSettings, topic: str, group: str) -> None:
    consumer = Consumer(kafka, topic, group, client_id="test")
    async with running(consumer):
        async with asyncio.timeout(20):
            while not consumer.partitions:
                await consumer.poll(1, 0.2)


async def _create(kafka: KafkaSettings) -> None:
    await create_topics(kafka, [TopicSpec("chat.forged", 1)], 1)


Attempt = Callable[[KafkaSettings], Awaitable[None]]

FORBIDDEN: dict[str, tuple[str, Attempt]] = {
    "the gateway reads events": ("gateway", lambda kafka: _read(kafka, TOPICS.events)),
    "the gateway reads entries": ("gateway", lambda kafka: _read(kafka, TOPICS.messages)),
    "the gateway writes entries": ("gateway", lambda kafka: _write(kafka, TOPICS.messages)),
    "the gateway writes the epoch": ("gateway", lambda kafka: _write(kafka, TOPICS.epoch)),
    "the gateway reads dead letters": ("gateway", lambda kafka: _read(kafka, TOPICS.dead_letters)),
    "the gateway joins the projectors": (
        "gateway",
        lambda kafka: _join(kafka, TOPICS.events, PROJECTOR_GROUP),
    ),
    "the gateway creates a topic": ("gateway", _create),
    "the projector writes events": ("projector", lambda kafka: _write(kafka, TOPICS.events)),
    "the projector reads dead letters": ("projector", lambda kafka: _read(kafka, TOPICS.dead_letters)),
    "the projector creates a topic": ("projector", _create),
    "the notifier reads events": ("notifier", lambda kafka: _read(kafka, TOPICS.events)),
    "the notifier writes events": ("notifier", lambda kafka: _write(kafka, TOPICS.events)),
    "the notifier writes entries": ("notifier", lambda kafka: _write(kafka, TOPICS.messages)),
    "the notifier joins the projectors": (
        "notifier",
        lambda kafka: _join(kafka, TOPICS.messages, PROJECTOR_GROUP),
    ),
    "the operator writes dead letters": ("operator", lambda kafka: _write(kafka, TOPICS.dead_letters)),
    "the operator reads events": ("operator", lambda kafka: _read(kafka, TOPICS.events)),
    "the topics job reads entries": ("topics", lambda kafka: _read(kafka, TOPICS.messages)),
    "the topics job writes entries": ("topics", lambda kafka: _write(kafka, TOPICS.messages)),
}


async def _is_denied(attempt: Attempt, kafka: KafkaSettings) -> None:
    """Require that the broker denies it for a missing right, and for no other reason."""
    denials = (
        ClusterAuthorizationFailedError,
        GroupAuthorizationFailedError,
        TopicAuthorizationFailedError,
        AccessDenied,
    )
    async with asyncio.timeout(30):
        with pytest.raises(denials):
            await attempt(kafka)


@pytest.mark.parametrize("name", FORBIDDEN)
async def test_a_service_may_do_nothing_that_its_work_does_not_need(site: Site, name: str) -> None:
    service, attempt = FORBIDDEN[name]
    await _is_denied(attempt, site.settings(service))


ANY: dict[str, Attempt] = {
    "read events": lambda kafka: _read(kafka, TOPICS.events),
    "read entries": lambda kafka: _read(kafka, TOPICS.messages),
    "read the epoch": lambda kafka: _read(kafka, TOPICS.epoch),
    "write events": lambda kafka: _write(kafka, TOPICS.events),
    "write entries": lambda kafka: _write(kafka, TOPICS.messages),
    "write dead letters": lambda kafka: _write(kafka, TOPICS.dead_letters),
    "join the notifiers": lambda kafka: _join(kafka, TOPICS.messages, NOTIFIER_GROUP),
    "create a topic": _create,
}


@pytest.mark.parametrize("name", ANY)
async def test_a_principal_without_rights_may_do_nothing(site: Site, name: str) -> None:
    await _is_denied(ANY[name], site.unknown)


@pytest.mark.parametrize("name", ANY)
async def test_an_anonymous_client_may_do_nothing(site: Site, name: str) -> None:
    await _is_denied(ANY[name], as_settings(site.kafka.tls()))


async def test_a_certificate_proves_a_principal_as_a_password_does(site: Site) -> None:
    kafka = as_settings(site.kafka.tls("parley-gateway"))
    await _read(kafka, TOPICS.epoch)
    await _is_denied(lambda kafka: _read(kafka, TOPICS.events), kafka)


@pytest.mark.parametrize("fault", ["a wrong password", "an unknown user", "a foreign authority", "no TLS"])
async def test_a_client_that_is_refused_is_logged_with_the_setting_to_check(
    site: Site, fault: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = site.kafka.sasl("parley-gateway")
    match fault:
        case "a wrong password":
            environment["KAFKA_PASSWORD"], named = "not-the-password", "KAFKA_USERNAME and KAFKA_PASSWORD"
        case "an unknown user":
            environment["KAFKA_USERNAME"], named = "nobody", "KAFKA_USERNAME and KAFKA_PASSWORD"
        case "a foreign authority":
            environment["KAFKA_CA_FILE"] = str(Authority(tmp_path / "foreign").certificate)
            named = "KAFKA_CA_FILE"
        case _:
            environment = {"KAFKA_BOOTSTRAP": environment["KAFKA_BOOTSTRAP"]}
            named = "kafka.waiting"
    process = await asyncio.create_subprocess_exec(
        *_TOPICS_JOB, env=_environment(environment), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            line = b""
            while b"kafka.refused" not in line and b"kafka.waiting" not in line:
                line = await process.stdout.readline()
                assert line, "the job ended"
    finally:
        process.kill()
        await process.wait()
    assert named in line.decode()
    assert b"password-" not in line
    assert b"not-the-password" not in line


async def test_a_service_without_its_right_ends_with_one_line_that_names_it(site: Site) -> None:
    process = await asyncio.create_subprocess_exec(
        *_TOPICS_JOB, env=_environment(site.kafka.sasl(UNKNOWN)), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        output, _ = await process.communicate()
    assert process.returncode == 1
    assert b"denies" in output
    assert b"Traceback" not in output
