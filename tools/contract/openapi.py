"""What the gateway answers, as OpenAPI, without starting anything."""

import json

from pydantic import SecretStr

from gateway.app import application, calls
from gateway.commands.event_producer import EventLog
from gateway.components import Door
from gateway.settings import Settings
from gateway.testing.in_memory_store import InMemoryStore
from shared.log.log_epoch import LogIdentity
from shared.testing.in_memory_kafka import InMemoryConsumer, InMemoryLog, InMemoryProducer

_TOPIC = "chat.events"


def document() -> str:
    log = InMemoryLog(1)
    settings = Settings(
        store_url="http://store", notifiers=["notifier:1"], auth="dev", service_token=SecretStr("-" * 16)
    )
    events = EventLog(InMemoryProducer(log), InMemoryConsumer(log, _TOPIC), _TOPIC)
    store = InMemoryStore(log, _TOPIC, LogIdentity("0" * 16, 1))
    door = Door.hung(settings, events, store)
    app = application(door, calls(door))
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
