"""Run one target under atheris, until it fails or libFuzzer's time is over.

`python -m tests.fuzz` starts this with atheris, which is not among Parley's own packages, in the path.
Arguments: the target, then libFuzzer's.
"""

import sys

import atheris

with atheris.instrument_imports(include=["shared", "gateway"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    name, *arguments = sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
