"""How much fits one page: pages are bounded by bytes."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from shared.contract.fields import MAX_PAGE_BYTES, MAX_SYNC_PAGE_BYTES


def fit_page(frames: Iterable[dict[str, Any]], max_bytes: int = MAX_SYNC_PAGE_BYTES) -> list[dict[str, Any]]:
    """Return the first frames that fit `max_bytes` of JSON; at least one, if there is one."""
    page: list[dict[str, Any]] = []
    left = max_bytes
    for frame in frames:
        left -= len(orjson.dumps(frame))
        if page and left < 0:
            break
        page.append(frame)
    return page


def fit_history_page(messages: Sequence[dict[str, Any]], below: int) -> tuple[int, int]:
    """Return begin and end of the messages that are nearest to a bound and fit MAX_PAGE_BYTES; at least one
    message, if there is one. The first `below` of `messages` are below the bound."""
    characters = sum(len(message["text"]) for message in messages)
    if _fits_for_certain(characters, 2_048 * len(messages)):
        return 0, len(messages)
    nearest: list[int] = []
    for distance in range(len(messages)):
        if below + distance < len(messages):
            nearest.append(below + distance)
        if distance < below:
            nearest.append(below - 1 - distance)
    fitting = nearest[: len(fit_page((messages[index] for index in nearest), MAX_PAGE_BYTES))]
    return min(fitting), max(fitting) + 1


def fit_conversations_page(conversations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first conversations that fit MAX_PAGE_BYTES; at least one, if there is one."""
    characters = sum(len(each["lastMessage"]["text"]) for each in conversations if each["lastMessage"])
    members = sum(len(each["members"]) for each in conversations)
    if _fits_for_certain(characters, 4_096 * len(conversations) + 800 * members):
        return conversations
    return fit_page(conversations, MAX_PAGE_BYTES)


def _fits_for_certain(characters: int, besides: int) -> bool:
    """Estimate without encoding: a character takes at most 6 bytes of JSON; `besides` bytes come on top."""
    return 6 * characters + besides <= MAX_PAGE_BYTES
