"""See the package."""

import runpy
import sys

from tests.chaos.mutants import MUTANTS

names, module, *arguments = sys.argv[1:]
for name in names.split(","):
    MUTANTS[name]()
sys.argv = [module, *arguments]
runpy.run_module(module, run_name="__main__", alter_sys=True)
