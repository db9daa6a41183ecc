"""Links without a network: the messages in their send queues."""

import json
from typing import Any, NamedTuple

from notifier.live.dispatcher import Dispatcher
from notifier.live.link import GatewayLink, SendQueue


class ReceivedMessage(NamedTuple):
    header: dict[str, Any]
    frame: str | None = None


def subscribed_link(dispatcher: Dispatcher, *users: str, limit: int = 1_000_000) -> GatewayLink:
    """A link with `users` subscribed; the messages so far are taken out."""
    link = GatewayLink(SendQueue(limit, on_overflow=lambda: None), gateway="test")
    dispatcher.add_link(link)
    dispatcher.subscribe(link, 1, users)
    received(link)
    return link


def received(link: GatewayLink) -> list[ReceivedMessage]:
    """Take the messages that wait for this gateway."""
    texts = [link.queue.take_nowait() for _ in range(len(link.queue))]
    parts = [text.partition("\n") for text in texts]
    return [ReceivedMessage(json.loads(header), frame or None) for header, _, frame in parts]


def headers(link: GatewayLink) -> list[dict[str, Any]]:
    return [message.header for message in received(link)]
