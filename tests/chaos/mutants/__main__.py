"""Runs a module with mutants: see the package."""

import runpy
import sys

from tests.chaos.mutants import gateway, notifier, projector, publisher  # noqa: F401 - registers them
from tests.chaos.mutants.registry import MUTANTS

names, module, *arguments = sys.argv[1:]
for name in names.split(","):
    MUTANTS[name]()
sys.argv = [module, *arguments]
runpy.run_module(module, run_name="__main__", alter_sys=True)
