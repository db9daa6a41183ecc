"""Generated calls, damaged requests and damaged frames against a real stack.

No 5xx but a defined 503, no traceback, no restart. A failure prints the input; `PARLEY_FUZZ_SEED` repeats a
run.
"""

import os
import secrets
import time
from collections import Counter
from itertools import islice
from random import Random

import pytest

from tests.fuzz import http_bytes, openapi_calls, websocket_frames
from tests.fuzz.conftest import Victim

LONG_SECONDS = 60.0


@pytest.fixture
def random() -> Random:
    seed = os.environ.get("PARLEY_FUZZ_SEED") or secrets.token_hex(4)
    print(f"PARLEY_FUZZ_SEED={seed}")
    return Random(seed)


async def test_damaged_requests_get_defined_answers(victim: Victim, random: Random) -> None:
    statuses = Counter(
        [
            await http_bytes.send(victim.port, request)
            for request in islice(http_bytes.requests(random, victim.conversation), 400)
        ]
    )
    assert any(200 <= (status or 0) < 300 for status in statuses), statuses
    assert statuses[400], statuses


async def test_damaged_frames_get_defined_errors(victim: Victim, random: Random) -> None:
    frames = websocket_frames.texts(random, victim.conversation)
    assert sum(
        [await websocket_frames.send_texts(victim.url, "ann", list(islice(frames, 40))) for _ in range(10)]
    )


async def test_damaged_websockets_end(victim: Victim, random: Random) -> None:
    for _ in range(100):
        data = websocket_frames.websocket_bytes(random, victim.conversation)
        await websocket_frames.send_bytes(victim.port, "ann", data)


def test_generated_calls_get_answers_as_described(victim: Victim) -> None:
    openapi_calls.make_calls(victim.url, 15)


def test_generated_sequences_of_calls_get_answers_as_described(victim: Victim) -> None:
    openapi_calls.make_sequences(victim.url, 15, 6)


@pytest.mark.long
def test_many_generated_calls(victim: Victim) -> None:
    openapi_calls.make_calls(victim.url, 300)
    openapi_calls.make_sequences(victim.url, 200, 10)


@pytest.mark.long
async def test_a_minute_of_damaged_requests(victim: Victim, random: Random) -> None:
    end = time.monotonic() + LONG_SECONDS
    for request in http_bytes.requests(random, victim.conversation):
        await http_bytes.send(victim.port, request)
        if time.monotonic() > end:
            break


@pytest.mark.long
async def test_a_minute_of_damaged_frames_and_websockets(victim: Victim, random: Random) -> None:
    frames = websocket_frames.texts(random, victim.conversation)
    end = time.monotonic() + LONG_SECONDS
    while time.monotonic() < end:
        await websocket_frames.send_texts(victim.url, "ann", list(islice(frames, 90)))
        data = websocket_frames.websocket_bytes(random, victim.conversation)
        await websocket_frames.send_bytes(victim.port, "ann", data)
