"""`python -m gateway.openapi`: what this gateway answers, as OpenAPI, without starting anything."""

import json

from pydantic import SecretStr

from gateway.application import application, calls
from gateway.door import Door
from gateway.event_log import EventLog
from gateway.memory_store import MemoryStore
from gateway.settings import Settings
from shared.kafka.memory import MemoryConsumer, MemoryLog, MemoryProducer
from shared.log_identity import LogIdentity

_TOPIC = "chat.events"


def document() -> str:
    log = MemoryLog(1)
    settings = Settings(
        store_url="http://store", notifiers=["notifier:1"], auth="dev", service_token=SecretStr("-" * 16)
    )
    events = EventLog(MemoryProducer(log), MemoryConsumer(log, _TOPIC), _TOPIC)
    store = MemoryStore(log, _TOPIC, LogIdentity("0" * 16, 1))
    door = Door.hung(settings, events, store)
    app = application(door, calls(door))
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False)


if __name__ == "__main__":
    print(document())
