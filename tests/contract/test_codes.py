"""The contract lists exactly the codes that the services can return."""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError
from uvicorn.protocols.websockets import websockets_sansio_impl
from websockets import frames as websockets_frames
from websockets import protocol

from gateway.commands.mark_read import MoveRead, NewRead
from gateway.websocket import close_codes as gateway_close_codes
from gateway.websocket.frame_decoder import client_frame
from message_store.domain import outcomes
from shared.contract import frames
from shared.contract.close_codes import CLOSE_MEANINGS, CloseCode
from shared.contract.fields import MAX_SEQ
from shared.http import problems, websocket_protocol
from tools.contract.schemas import accepted

SOURCES = [Path("services/gateway/src"), Path("services/message-store/src"), Path("shared/src")]
README = Path("docs/contract/README.md").read_text()
NEVER_SENT = {websockets_frames.CloseCode.ABNORMAL_CLOSURE, websockets_frames.CloseCode.NO_STATUS_RCVD}


def _openapi() -> Any:
    return json.loads(Path("docs/contract/openapi.json").read_bytes())


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call by the last part of its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def _sources() -> Iterator[ast.Module]:
    yield from (ast.parse(path.read_text()) for folder in SOURCES for path in folder.rglob("*.py"))


def _table(heading: str) -> list[list[str]]:
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[1:]]


def _named(docstring: str | None) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", docstring or ""))


def _statuses() -> Iterator[tuple[str, int]]:
    """Codes of Problems that are raised with another status than the code's own."""
    for tree in _sources():
        for name, call in _calls(tree):
            status = next((keyword.value for keyword in call.keywords if keyword.arg == "status"), None)
            if name == "Problem" and isinstance(status, ast.Constant):
                code = call.args[0]
                assert isinstance(code, ast.Constant), ast.unparse(call)
                yield str(code.value), int(str(status.value))


def test_the_readme_has_every_problem_with_its_status() -> None:
    """Complete, since mypy rejects other codes in a Problem."""
    assert set(problems.STATUS) == set(get_args(problems.Code))
    given = {*problems.STATUS.items(), *_statuses()}
    assert {(code.strip("`"), int(status)) for code, status, _ in _table("Errors of the REST calls")} == given


def test_every_problem_is_one_of_some_call() -> None:
    """tests/unit/gateway/api/test_order_of_checks.py shows that each call returns its own."""
    of_calls = {
        code
        for path in _openapi()["paths"].values()
        for operation in path.values()
        for answer in operation["responses"].values()
        for code in answer["content"].get("application/problem+json", {}).get("examples", ())
    }
    assert of_calls | {"method_not_allowed"} == set(get_args(problems.Code))


def test_the_readme_has_every_close_code_and_whether_to_come_back() -> None:
    rows = [
        [
            str(code.value),
            meaning.when,
            "yes" if meaning.reconnect else "no",
            ("`afterMs`" if meaning.delayed else "a random second or so") if meaning.reconnect else "",
        ]
        for code, meaning in CLOSE_MEANINGS.items()
    ]
    assert _table("The WebSocket's ends") == rows
    assert list(CLOSE_MEANINGS) == list(CloseCode)


def test_every_close_code_is_given_by_something_and_no_other_is() -> None:
    """Close codes of the gateway (mypy rejects others in a Close), of uvicorn and of websockets."""
    assert {*_of_the_gateway(), *_of_the_protocols()} - NEVER_SENT == set(CloseCode)


def _of_the_gateway() -> Iterator[int]:
    for tree in _sources():
        for name, call in _calls(tree):
            if (
                name in ("Close", "close_with_retry_after")
                and call.args
                and isinstance(call.args[0], ast.Attribute)
            ):
                yield getattr(gateway_close_codes, call.args[0].attr)


def _of_the_protocols() -> Iterator[int]:
    for module in (protocol, websockets_sansio_impl, websocket_protocol):
        for name, call in _calls(ast.parse(inspect.getsource(module))):
            if name in ("fail", "_fail", "send_close") and call.args:
                code = call.args[0]
                if isinstance(code, ast.Attribute):
                    yield getattr(websockets_frames.CloseCode, code.attr, None) or CloseCode[code.attr]
                elif isinstance(code, ast.Constant):
                    yield int(str(code.value))


def test_frames_name_every_reason_that_there_is() -> None:
    rejected = frames.RejectionFields.model_fields["reason"].description
    reset = frames.ResetFrame.model_fields["reason"].description
    assert _named(rejected) == set(get_args(outcomes.RejectionReason))
    assert _named(reset) == set(get_args(frames.ResetReason))


@pytest.mark.parametrize("reader", [client_frame, TypeAdapter(NewRead)], ids=["frame", "body"])
@pytest.mark.parametrize(
    "text",
    ["3001.0", "1e3", "0", "-0.0", "3.5", "1e-1", '"5"', "true", "null", "-1", "-1.0", "[1]"]
    + [str(number) for number in (MAX_SEQ, MAX_SEQ + 1, float(MAX_SEQ), 1e20)],
)
def test_server_and_schema_agree_about_integers(reader: TypeAdapter[BaseModel], text: str) -> None:
    frame = reader is client_frame
    schema = accepted(MoveRead if frame else NewRead)
    kind = '"type": "read", ' if frame else ""
    body = f'{{{kind}"conversationId": "00000000-0000-4000-8000-000000000000", "upTo": {text}}}'
    try:
        reader.validate_json(body, by_name=False)
        taken = True
    except ValidationError:
        taken = False
    assert taken == Draft202012Validator(schema).is_valid(json.loads(body))
