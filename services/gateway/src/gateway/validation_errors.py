"""What is wrong with a text that was refused as JSON for a model: is it no JSON, or does it break a rule?

The parsers in use refuse more than RFC 8259 does (escapes of lone surrogates) and accept less strictly
(NaN); the standard library settles it. Only refused texts come here, so its slowness does not matter.
"""

import json
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic.type_adapter import TypeAdapter
from pydantic_core import from_json

MAX_MEMBERS = 64
"""Far more than any body or frame has: each unknown one would be an error of its own, of thousands."""
_MAX_SHOWN_CHARS = 200
_MESSAGES = {"extra_forbidden": "is an unknown field", "model_type": "the body is no JSON object"}
"""Where pydantic's own would not tell a client much."""


class InvalidJson(Exception):
    """The message says why."""


def oversized_object(text: bytes | str) -> dict[str, Any] | None:
    """The object, when it has more than MAX_MEMBERS; None of any other text, JSON or not."""
    colons = text.count(b":") if isinstance(text, bytes) else text.count(":")
    if colons <= MAX_MEMBERS:  # of nearly all
        return None
    try:
        value = from_json(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) and len(value) > MAX_MEMBERS else None


def parse_strict(text: bytes | str, error: ValidationError) -> Any:
    """The value of a text that pydantic refused with `error`. Raises NotJson."""
    if any("recursion limit" in each["msg"] for each in error.errors(include_url=False, include_input=False)):
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
    """Which field of `value` breaks which rule, quoting nothing of its content. `skip` as in `explain`."""
    if error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid":
        try:  # an escape that only the standard library reads: the rules in the model name the field
            model.validate_python(value, by_name=False)
        except ValidationError as second:
            error = second
    return describe(error, skip=skip)


def describe(error: ValidationError, *, skip: int = 0) -> str:
    """The first broken rule, an unknown field before all: a misspelt one is not told as a missing one.
    `skip` leaves out that many leading parts of its place."""
    broken = error.errors(include_url=False, include_input=False)
    first = min(broken, key=lambda each: each["type"] != "extra_forbidden")
    place = ".".join(str(part) for part in first["loc"][skip:])
    rule = _MESSAGES.get(first["type"], first["msg"].removeprefix("Value error, "))
    return printable(f"{place}: {rule}" if place else rule)


def printable(text: str) -> str:
    """Short, and without what JSON cannot carry."""
    return text[:_MAX_SHOWN_CHARS].encode("utf-8", "replace").decode()


def _require_content(text: str) -> str:
    if not text.strip():
        raise InvalidJson("is empty")
    return text


def _reject_constant(name: str) -> NoReturn:
    raise InvalidJson(f"is not JSON: {name} is no number there")
