"""Links without a network: what was put into their outboxes, read back."""

import json
from typing import Any, NamedTuple

from notifier.live.dispatcher import Dispatcher
from notifier.live.link import GatewayLink, SendQueue


class Received(NamedTuple):
    header: dict[str, Any]
    frame: str | None = None


def subscribed_link(dispatcher: Dispatcher, *users: str, limit: int = 1_000_000) -> GatewayLink:
    """A gateway that has sockets of `users`; what it was told so far is forgotten."""
    link = GatewayLink(SendQueue(limit, on_overflow=lambda: None), gateway="test")
    dispatcher.add_link(link)
    dispatcher.subscribe(link, 1, users)
    received(link)
    return link


def received(link: GatewayLink) -> list[Received]:
    """What waits for this gateway, taken out."""
    texts = [link.queue.take_nowait() for _ in range(len(link.queue))]
    parts = [text.partition("\n") for text in texts]
    return [Received(json.loads(header), frame or None) for header, _, frame in parts]


def headers(link: GatewayLink) -> list[dict[str, Any]]:
    return [each.header for each in received(link)]
