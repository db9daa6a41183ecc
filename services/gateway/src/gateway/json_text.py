"""What is wrong with a text that was refused as JSON for a model: is it no JSON, or does it break a rule?

The parsers in use refuse more than RFC 8259 does (escapes of lone surrogates) and accept less strictly
(NaN); the standard library settles it. Only refused texts come here, so its slowness does not matter.
"""

import json
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic.type_adapter import TypeAdapter

_SHOWN = 200


class NotJson(Exception):
    """The message says why."""


def well_formed(text: bytes | str, error: ValidationError) -> Any:
    """The value of a text that pydantic refused with `error`. Raises NotJson."""
    if any("recursion limit" in each["msg"] for each in error.errors(include_url=False)):
        raise NotJson("is nested too deep")
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        return json.loads(decoded, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise NotJson("is not UTF-8") from None
    except RecursionError:
        raise NotJson("is nested too deep") from None
    except ValueError:
        raise NotJson("is not JSON") from None


def broken_rule(model: TypeAdapter[Any], value: Any, error: ValidationError) -> str:
    """Which field of `value` breaks which rule, quoting nothing of its content."""
    if error.errors(include_url=False)[0]["type"] == "json_invalid":
        try:  # an escape that only the standard library reads: the rules in the model name the field
            model.validate_python(value)
        except ValidationError as second:
            error = second
    return explain(error)


def explain(error: ValidationError, *, skip: int = 0) -> str:
    """The first broken rule. `skip` leaves out that many leading parts of its place."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"][skip:]) or "body"
    return printable(f"{place}: {first['msg'].removeprefix('Value error, ')}")


def printable(text: str) -> str:
    """Short, and without what JSON cannot carry."""
    return text[:_SHOWN].encode("utf-8", "replace").decode()


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
