"""Query strings: percent-encoded UTF-8, each parameter once."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from shared.http.problems import Problem

MAX_FIELDS = 100

_REPLACEMENT = "\ufffd"


class QueryString(NamedTuple):
    """The values of each name, in order. A malformed query string is parsed as far as possible and its error
    kept, because some checks of a call come before this one."""

    values: dict[str, list[str]]
    """A name whose value is not UTF-8 is there without it."""
    error: str | None

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        if raw.count(b"&") >= MAX_FIELDS:
            return cls({}, f"the query has more than {MAX_FIELDS} fields")
        error = None
        try:
            fields = _fields(raw, "strict")
        except UnicodeDecodeError:
            fields, error = _fields(raw, "replace"), "the query is not percent-encoded UTF-8"
        values: dict[str, list[str]] = {}
        for name, value in fields:
            readable = error is None or _REPLACEMENT not in value
            values.setdefault(name, []).extend([value] if readable else [])
        return cls(values, error)

    def single_values(self, parameters: Iterable[tuple[str, bool]]) -> dict[str, str]:
        """Return the value of each of `parameters` (name, required) that is present; ignore other names.
        Raises Problem (400) if the query string is malformed, or one of them is repeated or missing."""
        if self.error is not None:
            raise Problem("bad_request", self.error)
        single = {}
        for name, required in parameters:
            values = self.values.get(name, ())
            if len(values) > 1 or (required and not values):
                raise Problem("bad_request", f"{name}: is {'repeated' if values else 'missing'}")
            if values:
                single[name] = values[0]
        return single


def _fields(raw: bytes, errors: str) -> list[tuple[str, str]]:
    return parse_qsl(raw.decode(errors=errors), keep_blank_values=True, errors=errors)


class WholeNumber(NamedTuple):
    """Annotates an int that a query string gives in decimal digits."""

    low: int
    high: int

    def parse(self, value: object) -> object:
        if isinstance(value, str):
            if not _DIGITS.fullmatch(value) or not self.low <= int(value) <= self.high:
                raise ValueError(f"must be a whole number from {self.low} to {self.high}")
            return int(value)
        return value

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        number = core_schema.int_schema(ge=self.low, le=self.high)
        return core_schema.no_info_before_validator_function(self.parse, number)


_DIGITS = re.compile(r"-?[0-9]{1,16}")
