"""Real processes, real load, a real Prometheus: what docs/metrics.md lists is there, every panel has data,
and alerts fire when something is broken, and resolve."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.stack.state import Stack
from shared.log.topics import Topics
from tests.conftest import StartStack
from tests.e2e import client
from tests.fixtures.notifier_processes import free_port
from tests.fixtures.platform import new_topic_prefix
from tests.monitoring import promtool
from tests.monitoring.load import load
from tests.monitoring.prometheus_server import PrometheusServer, prometheus
from tools.monitoring import expressions, metric_list, objectives
from tools.monitoring.documents import Options

FASTER = 120
"""An hour of the rules is half a minute here."""
RATE_INTERVAL = "10s"
MESSAGES = 20
STEPS = (
    ("gateway", "gateway_confirm_delay_seconds"),
    ("projector", "projector_commit_delay_seconds"),
    ("projector", "projector_publish_delay_seconds"),
    ("notifier", "notifier_dispatch_delay_seconds"),
    ("gateway", "gateway_delivery_delay_seconds"),
)
DEFAULT_LABELS = {"le", "quantile"}


class Deployment(NamedTuple):
    stack: Stack
    prefix: str
    """Of its topics."""


@pytest.fixture(scope="module")
def deployment(start_stack: StartStack) -> Deployment:
    prefix = new_topic_prefix()
    return Deployment(start_stack(env={"TOPIC_PREFIX": prefix}), prefix)


@pytest.fixture(scope="module")
async def under_load(deployment: Deployment) -> AsyncIterator[Stack]:
    async with load(deployment.stack.gateways[0]):
        yield deployment.stack


@pytest.fixture(scope="module")
def exporters() -> Iterator[str]:
    """What stands for the exporters: host:port."""
    with _served(Path(__file__).parent / "exporters.prom") as address:
        yield address


@pytest.fixture(scope="module")
async def server(
    tmp_path_factory: pytest.TempPathFactory, under_load: Stack, exporters: str
) -> AsyncIterator[PrometheusServer]:
    folder = tmp_path_factory.mktemp("prometheus")
    options = Options(objectives.load(), faster=FASTER)
    async with prometheus(folder, under_load, options, exporters, free_port()) as running:
        await running.wait_for_targets(len(under_load.admin) + 1, patience=30)
        yield running


async def test_each_message_is_counted_once_at_each_step(deployment: Deployment) -> None:
    (gateway,) = deployment.stack.gateways
    async with (
        client.http(gateway) as http,
        client.socket(gateway, "once-a"),
        client.socket(gateway, "once-b") as bob,
    ):
        conversation = await client.start(http, "once-a", "once-b")
        await bob.expect(type="conversation")
        before = await _steps(deployment.stack)
        for number in range(MESSAGES):
            message = {"conversationId": conversation, "text": f"{number}"}
            await http.post("/messages", params={"meId": "once-a"}, json=message)
            await bob.expect(type="message", text=f"{number}")
        counted = {name: count - before[name] for name, count in (await _steps(deployment.stack)).items()}
    assert counted == {name: MESSAGES for _, name in STEPS}


async def test_the_page_of_metrics_lists_exactly_what_each_process_exposes(under_load: Stack) -> None:
    listed = metric_list.listed()
    for process, url in under_load.admin.items():
        exposed = await _metrics(url)
        here = {name for name, metric in listed.items() if process in metric.of}
        names = {_exposed_name(metric) for metric in exposed.values()}
        present = [
            metric for metric in exposed.values() if metric.samples
        ]  # others are of modules unused here
        assert here <= names, process
        assert {_exposed_name(metric) for metric in present} <= here, process
        for metric in present:
            entry = listed[_exposed_name(metric)]
            labels = frozenset(label for sample in metric.samples for label in sample.labels) - DEFAULT_LABELS
            kind = "gauge" if metric.type == "info" else metric.type
            assert (kind, labels | entry.labels) == (entry.kind, entry.labels), metric.name


async def test_the_names_follow_the_rules_of_prometheus(under_load: Stack) -> None:
    async with httpx.AsyncClient() as http:
        for process, url in under_load.admin.items():
            text = (await http.get(f"{url}/metrics")).text
            ours = "".join(line for line in text.splitlines(keepends=True) if "python_" not in line)
            assert not promtool.run("check", "metrics", given=ours), process


async def test_every_panel_of_every_dashboard_has_data_under_load(server: PrometheusServer) -> None:
    missing = {
        (place, expressions.fill_in(expression, RATE_INTERVAL))
        for place, expression in expressions.of_dashboards(Options(objectives.load()))
    }
    for _ in range(30):
        missing = {each for each in missing if not await server.has_data(each[1])}
        if not missing:
            break
        await asyncio.sleep(1)
    assert not missing


async def test_nothing_pages_while_all_is_well(server: PrometheusServer) -> None:
    await server.wait_until_resolved(30, severity="page")  # what fired before all targets were scraped


async def test_alerts_fire_while_something_is_broken_and_then_resolve(
    server: PrometheusServer, deployment: Deployment
) -> None:
    stack = deployment.stack
    await _publish_garbage(stack.kafka, Topics.with_prefix(deployment.prefix).events)
    await server.wait_until_firing(20, alertname="ParleyDeadLetters", severity="page")

    with _stopped(stack, "projector"):
        await server.wait_until_firing(30, alertname="ParleyProjectionStopped", severity="page")
    await server.wait_until_resolved(30, alertname="ParleyProjectionStopped")

    with _stopped(stack, "gateway"):
        await server.wait_until_firing(20, alertname="ParleyComponentDown", component="gateway")
    await server.wait_until_resolved(20, alertname="ParleyComponentDown")
    await server.wait_until_resolved(60, alertname="ParleyDeadLetters")


@contextmanager
def _stopped(stack: Stack, process: str) -> Iterator[None]:
    handle = stack.process(process)
    handle.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        handle.signal(signal.SIGCONT)


@contextmanager
def _served(path: Path) -> Iterator[str]:
    """Serve the file at /metrics."""

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, _: str) -> str:
            return str(path)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(path.parent))) as server:
        Handler.extensions_map = {".prom": "text/plain"}
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def _publish_garbage(kafka: str, topic: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        await producer.send_and_wait(topic, b"no event", partition=0)
    finally:
        await producer.stop()


async def _steps(stack: Stack) -> dict[str, float]:
    """How many events each step has counted."""
    counts = {}
    for process, name in STEPS:
        samples = (await _metrics(stack.admin[process]))[name].samples
        counts[name] = next(sample.value for sample in samples if sample.name == f"{name}_count")
    return counts


async def _metrics(url: str) -> Mapping[str, Metric]:
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"{url}/metrics")).text
    return {metric.name: metric for metric in text_string_to_metric_families(text)}


def _exposed_name(metric: Metric) -> str:
    """With the suffix that the parser takes from counters."""
    return f"{metric.name}_total" if metric.type == "counter" else metric.name
