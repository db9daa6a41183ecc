"""What a scenario is, its options on the command line, and the recorder of its rounds."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, fields
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from bench.report import results, tables
from bench.report.results import Comparison

T = TypeVar("T")


class Recorder:
    """Prints rounds as they end, and keeps them."""

    def __init__(self) -> None:
        self.settings: dict[str, Mapping[str, str]] = {}
        """Versions and configuration, by side."""
        self.rounds: dict[str, list[BaseModel]] = {}
        """By side."""
        self.failures: list[str] = []
        """Promises that were broken."""

    def show(self, side: str, figures: BaseModel) -> None:
        """Print a round."""
        print(f"{side:>18}  {tables.format_row(figures)}", flush=True)

    def add(self, side: str, figures: BaseModel) -> None:
        """Print and keep a round."""
        self.show(side, figures)
        self.rounds.setdefault(side, []).append(figures)

    def comparison(self) -> Comparison:
        return results.comparison(self.settings, self.rounds)


class Scenario(Protocol):
    """A comparison: a dataclass whose fields are its options, and whose docstring is its help."""

    name: str
    """Of the file in bench/results/, or a path without suffix; empty keeps nothing."""

    def run(self, recorder: Recorder) -> None:
        """Measure; blocks for minutes. Raises UserError when something does not start."""


def option(default: T, explanation: str, parse: Callable[[str], T] | None = None, **arguments: Any) -> T:
    """A field that is an option of the command line; `arguments` are argparse's."""
    metadata = {"help": explanation, "type": parse or type(default), **arguments}
    value: T = field(default=default, metadata=metadata)
    return value


def add_options(parser: argparse.ArgumentParser, scenario: type) -> None:
    """An option for each field of a scenario."""
    for each_field in fields(scenario):
        arguments = {**each_field.metadata}
        if "choices" not in arguments:
            arguments.setdefault("metavar", each_field.name.upper() if arguments["type"] is str else "N")
        if default := each_field.default:
            shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
            arguments["help"] += f" (default: {shown})"
        parser.add_argument(f"--{each_field.name.replace('_', '-')}", default=each_field.default, **arguments)


def numbers(text: str) -> tuple[float, ...]:
    """Of N,N,…"""
    return tuple(float(word) for word in text.split(","))


def words(text: str) -> tuple[str, ...]:
    """Of NAME,NAME,…"""
    return tuple(text.split(",")) if text else ()


Side = TypeVar("Side")


def turns(sides: Sequence[Side], rounds: int) -> Iterator[Side]:
    """A B, B A, A B …, so that what changes slowly affects all sides alike."""
    for number in range(rounds):
        yield from sides if number % 2 == 0 else reversed(sides)
