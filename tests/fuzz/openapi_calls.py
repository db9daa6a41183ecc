"""Calls made from the OpenAPI document by Schemathesis: single ones, and sequences along its links."""

from contextlib import suppress
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import FlakyStrategyDefinition, InvalidDefinition
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import Case as GenericCase
from schemathesis import GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz.http_bytes import DEFINED_503

Case = GenericCase[Any]
CALL_TIMEOUT_SECONDS = 30
_CONFORMANCE = [status_code_conformance, content_type_conformance, response_schema_conformance]
_LAX = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def make_calls(url: str, examples: int) -> None:
    """Make so many valid and so many invalid calls of each operation. Raises what a check raises."""
    for found in _schema(url).get_all_operations():
        operation = found.ok()
        has_input = bool(operation.query or operation.body)  # without any, no call is invalid
        for mode in (GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if has_input else [])):
            strategy = operation.as_strategy(generation_mode=mode)
            _calls(strategy, examples)()


def make_sequences(url: str, examples: int, steps: int) -> None:
    """Make so many sequences of at most `steps` calls, each fed with answers before it.

    Hypothesis requires that a repeated sequence draws the same, and the answers of a live stack differ: each
    runs by itself, and ends early when that shows or no link leads on. What a check raised is kept aside and
    raised in any case."""
    machine: Any = _schema(url).as_state_machine()
    failures: list[Exception] = []
    checked: list[Case] = []

    class Sequence(machine):  # type: ignore[misc]
        def before_call(self, case: Case) -> None:
            _identify(case)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"timeout": CALL_TIMEOUT_SECONDS}

        def validate_response(self, response: Response, case: Case, *_: Any, **__: Any) -> None:
            try:
                _require_described(response, case)
                checked.append(case)
            except Exception as failure:
                failures.append(failure)
                raise

    one = settings(
        max_examples=1,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=_LAX,
        phases=[Phase.generate],
        database=None,
    )
    for _ in range(examples):
        with suppress(FlakyStrategyDefinition, InvalidDefinition):
            run_state_machine_as_test(Sequence, settings=one)
        if failures:
            raise failures[0]
    assert len(checked) > examples, "most sequences have several calls"


def _calls(strategy: Any, examples: int) -> Any:
    @settings(max_examples=examples, deadline=None, suppress_health_check=_LAX)
    @given(strategy)
    def call(case: Case) -> None:
        _identify(case)
        _require_described(case.call(timeout=CALL_TIMEOUT_SECONDS), case)

    return call


def _identify(case: Case) -> None:
    """Let most calls come from one user, so that they get beyond the credentials."""
    if case.path.startswith("/messages"):
        case.headers["Authorization"] = "Bearer ann"
        if case.query.get("meId"):
            case.query["meId"] = "ann"


def _require_described(response: Response, case: Case) -> None:
    """Raise AssertionError for an answer that the document does not describe, and for a 5xx but a defined
    503."""
    checks = [*_CONFORMANCE]
    if not (response.status_code == 503 and response.json().get("code") in DEFINED_503):
        checks.append(not_a_server_error)
    case.validate_response(response, checks=checks)


def _schema(url: str) -> Any:
    return schemathesis.openapi.from_url(f"{url}/openapi.json")
