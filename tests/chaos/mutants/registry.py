"""All mutants by name, and how one is patched in."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

MUTANTS: dict[str, Callable[[], None]] = {}


def mutant(install: Callable[[], None]) -> Callable[[], None]:
    """Register a function that plants a bug into this process; its name is the mutant's."""
    MUTANTS[install.__name__] = install
    return install


def replaces(method: F) -> Callable[[F], F]:
    """Put the decorated function in the place of a method of a class."""

    def replace(function: F) -> F:
        owner, _, name = method.__qualname__.rpartition(".")
        setattr(getattr(sys.modules[method.__module__], owner), name, function)
        return function

    return replace


def argv(names: str, usual: Sequence[str]) -> list[str]:
    """The command of a process with these mutants; `usual` is its own: interpreter, -m, module …"""
    python, minus_m, *rest = usual
    return [python, minus_m, "tests.chaos.mutants", names, *rest]
