"""The OpenAPI document of the gateway, made without starting anything."""

import json

from pydantic import SecretStr

from gateway.app import build_fastapi_app, build_routers
from gateway.auth.dev import DevAuthenticator
from gateway.commands.event_producer import EventProducer
from gateway.components import GatewayComponents
from gateway.settings import Settings
from gateway.testing.in_memory_store import InMemoryStore
from shared.log.log_epoch import LogIdentity
from shared.runtime.critical_tasks import CriticalTasks
from shared.testing.in_memory_kafka import InMemoryConsumer, InMemoryLog, InMemoryProducer

_TOPIC = "chat.events"


def document() -> str:
    log = InMemoryLog(1)
    settings = Settings(
        store_url="http://store",
        notifiers=["notifier:1"],
        auth="dev",
        service_token=SecretStr("token-of-the-contract"),
    )
    producer = EventProducer(InMemoryProducer(log), InMemoryConsumer(log, _TOPIC), _TOPIC)
    store = InMemoryStore(log, _TOPIC, LogIdentity("0" * 16, 1))
    components = GatewayComponents.build(settings, producer, store, DevAuthenticator(), CriticalTasks())
    app = build_fastapi_app(components, build_routers(components))
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
