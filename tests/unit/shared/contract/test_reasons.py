"""Why a record cannot be decoded is logged, and stands in dead letters: it quotes nothing of the record."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.contract import codec

CANARY = "canary-4f1d77"
GOLDEN = [
    (decode, json.loads(path.read_bytes()))
    for decode, folder in ((codec.decode_event, "events"), (codec.decode_entry, "entries"))
    for path in sorted(Path(f"tests/contract/golden/{folder}").glob("*.json"))
]
REPLACEMENTS = (CANARY, [CANARY], {CANARY: CANARY}, 10**30, -1, 1.5, None, f"{CANARY}\0", "0" * 35 + "k")


def test_a_reason_quotes_nothing_of_the_record() -> None:
    refused = 0
    for decode, record in GOLDEN:
        for damaged in _damaged(record):
            if (reason := _reason(decode, json.dumps(damaged).encode())) is not None:
                refused += 1
                assert CANARY not in reason
                assert "`k`" not in reason
    assert refused > 500


@pytest.mark.parametrize("decode", [codec.decode_event, codec.decode_entry])
@pytest.mark.parametrize(
    "value", [CANARY, f'"{CANARY}"', f'{{"type":"{CANARY}"}}', f'{{"{CANARY}', f'[{{"{CANARY}":1}}]']
)
def test_garbage_is_not_quoted(decode: Callable[[bytes], object], value: str) -> None:
    reason = _reason(decode, value.encode())
    assert reason is not None
    assert CANARY not in reason


def _reason(decode: Callable[[bytes], object], value: bytes) -> str | None:
    try:
        decode(value)
    except codec.DecodeError as error:
        return str(error)
    return None


def _damaged(value: Any) -> Iterator[Any]:
    """Yield copies of `value`, each with one member replaced, renamed or missing."""
    if isinstance(value, dict):
        for name, member in value.items():
            rest = {key: kept for key, kept in value.items() if key != name}
            yield rest
            yield {**rest, CANARY: member}
            for other in (*REPLACEMENTS, *_damaged(member)):
                yield {**value, name: other}
    elif isinstance(value, list):
        for index, member in enumerate(value):
            for other in (*REPLACEMENTS, *_damaged(member)):
                yield [*value[:index], other, *value[index + 1 :]]
