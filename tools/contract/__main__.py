"""`python -m tools.contract [--check] [--folder docs/contract]`"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from tools.contract import documents, history, vectors


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.contract", description="The contract's files.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when they are stale")
    parser.add_argument("--folder", type=Path, default=Path("docs/contract"))
    arguments = parser.parse_args()
    _refuse("ids must stay as they are:", vectors.changed(arguments.folder / "ids.json"))
    earlier = history.earlier(arguments.folder)
    _refuse("this could break readers of chat.messages:", history.broken(earlier, history.present()))
    if arguments.check:
        _refuse("the contract is stale, run `python -m tools.contract`:", documents.stale(arguments.folder))
    else:
        documents.write(arguments.folder)


def _refuse(because: str, faults: Iterable[str]) -> None:
    if lines := list(faults):
        sys.exit("\n".join([because, *lines]))


if __name__ == "__main__":
    main()
