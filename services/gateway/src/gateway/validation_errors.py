"""Describes why a text was refused as JSON of a model: not JSON at all, or a field that breaks a rule.

The parsers in use refuse more than RFC 8259 does (escapes of lone surrogates) and accept more (NaN); the
standard library decides. Only refused texts come here, so its slowness does not matter.
"""

import json
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic.type_adapter import TypeAdapter
from pydantic_core import from_json

MAX_MEMBERS = 64
"""Far more than any body or frame has. Each unknown member would be an error of its own, up to thousands."""
_MAX_SHOWN_CHARS = 200
_MESSAGES = {"extra_forbidden": "is an unknown field", "model_type": "the body is not a JSON object"}
"""Replaces pydantic's messages where they would not help a client."""


class InvalidJson(Exception):
    """The message completes "the body …" or "the frame …"."""


def oversized_object(text: bytes | str) -> dict[str, Any] | None:
    """Return the object when it has more than MAX_MEMBERS; None for any other text, JSON or not."""
    colons = text.count(b":") if isinstance(text, bytes) else text.count(":")
    if colons <= MAX_MEMBERS:  # true of nearly all texts
        return None
    try:
        value = from_json(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) and len(value) > MAX_MEMBERS else None


def parse_strict(text: bytes | str, error: ValidationError) -> Any:
    """Parse a text that pydantic refused with `error`. Raises InvalidJson."""
    if any(
        "recursion limit" in details["msg"]
        for details in error.errors(include_url=False, include_input=False)
    ):
        raise InvalidJson("is nested too deep")
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        return json.loads(_require_content(decoded), parse_constant=_reject_constant)
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise InvalidJson(f"is not JSON: {place}: {fault.msg}") from None
    except UnicodeDecodeError:
        raise InvalidJson("is not UTF-8") from None
    except RecursionError:
        raise InvalidJson("is nested too deep") from None
    except ValueError:
        raise InvalidJson("is not JSON") from None


def describe_violation(model: TypeAdapter[Any], value: Any, error: ValidationError, *, skip: int = 0) -> str:
    """Name the field of `value` that breaks a rule, and the rule; quotes none of its content. `skip` as in
    `describe`."""
    if error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid":
        try:  # an escape that only the standard library parses: the rules of the model name the field
            model.validate_python(value, by_name=False)
        except ValidationError as second:
            error = second
    return describe(error, skip=skip)


def describe(error: ValidationError, *, skip: int = 0) -> str:
    """Describe the first broken rule. An unknown field comes before all others, so that a misspelt one is not
    reported as missing. `skip`: how many leading parts of the field's path to leave out."""
    violations = error.errors(include_url=False, include_input=False)
    first = min(violations, key=lambda violation: violation["type"] != "extra_forbidden")
    field = ".".join(str(part) for part in first["loc"][skip:])
    rule = _MESSAGES.get(first["type"], first["msg"].removeprefix("Value error, "))
    return printable(f"{field}: {rule}" if field else rule)


def printable(text: str) -> str:
    """Shorten, and replace what JSON cannot carry."""
    return text[:_MAX_SHOWN_CHARS].encode("utf-8", "replace").decode()


def _require_content(text: str) -> str:
    if not text.strip():
        raise InvalidJson("is empty")
    return text


def _reject_constant(name: str) -> NoReturn:
    raise InvalidJson(f"is not JSON: {name} is not a number there")
