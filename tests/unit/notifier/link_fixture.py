"""Links without a network: what was put into their outboxes, read back."""

import json
from typing import Any, NamedTuple

from notifier.live.dispatcher import Switchboard
from notifier.live.link import Link, Outbox


class Told(NamedTuple):
    header: dict[str, Any]
    frame: str | None = None


def linked(switchboard: Switchboard, *users: str, limit: int = 1_000_000) -> Link:
    """A gateway that has sockets of `users`; what it was told so far is forgotten."""
    link = Link(Outbox(limit, cut=lambda: None), gateway="test")
    switchboard.join(link)
    switchboard.announce(link, 1, users)
    told(link)
    return link


def told(link: Link) -> list[Told]:
    """What waits for this gateway, taken out."""
    texts = [link.outbox.take_nowait() for _ in range(len(link.outbox))]
    parts = [text.partition("\n") for text in texts]
    return [Told(json.loads(header), frame or None) for header, _, frame in parts]


def headers(link: Link) -> list[dict[str, Any]]:
    return [each.header for each in told(link)]
