"""Operations on topics, named by OpenTelemetry's semantic conventions for messaging:
https://opentelemetry.io/docs/specs/semconv/messaging/"""

from shared.tracing.port import Attributes, Kind, Operation


def send(topic: str) -> Operation:
    """A record is appended to `topic`, up to the broker's confirmation."""
    return Operation(f"send {topic}", Kind.PRODUCER, _attributes(topic, "send", "send"))


def process(topic: str, name: str = "process") -> Operation:
    """A record of `topic`, or a batch of them, is processed. `name`: what is done."""
    return Operation(f"{name} {topic}", Kind.CONSUMER, _attributes(topic, name, "process"))


def place(partition: int, offset: int) -> Attributes:
    """Where the record is in its topic."""
    return {"messaging.destination.partition.id": str(partition), "messaging.kafka.offset": offset}


def _attributes(topic: str, name: str, operation_type: str) -> Attributes:
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.operation.name": name,
        "messaging.operation.type": operation_type,
    }
