"""`make fuzz`: every target under atheris, then a minute of each wire fuzzer.

The corpus is kept in .data/cache/fuzz/<target>, so that runs build on one another; an input that fails is
kept beside it, and belongs into tests/fuzz/test_targets.py once it is mended.
"""

import argparse
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from deploy.local.paths import ROOT
from tests.fuzz.targets import TARGETS

ATHERIS = "atheris==3.0.0"
"""The last version with wheels for Python 3.11."""
_CACHE = ROOT / ".data" / "cache" / "fuzz"
_MAX_INPUT_BYTES = 4_096


def main() -> int:
    """Return 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: %(default)s)")
    parser.add_argument(
        "--target", action="append", choices=TARGETS, help="only these targets, no wire fuzzers"
    )
    arguments = parser.parse_args()
    failed = [name for name in arguments.target or TARGETS if not _run(name, arguments.seconds)]
    if failed:
        print(f"found: {', '.join(failed)}; the inputs are in {_CACHE}", file=sys.stderr)
    wire = 0 if arguments.target else subprocess.run(_WIRE, cwd=ROOT, check=False).returncode
    return 1 if failed or wire else 0


_WIRE = [sys.executable, "-m", "pytest", "-m", "long", "--timeout=600", "tests/fuzz"]


def _run(name: str, seconds: int) -> bool:
    """Run one target; return whether it survived."""
    print(f"{name}: {seconds} s", flush=True)
    corpus = _corpus(name)
    uv = str(Path(sys.executable).with_name("uv"))
    command = [
        *(uv, "run", "--quiet", "--no-project", "--active", "--with", ATHERIS, "python"),
        *("-m", "tests.fuzz.coverage_guided", name, str(corpus), f"-max_total_time={seconds}"),
        *(
            f"-max_len={_MAX_INPUT_BYTES}",
            "-timeout=10",
            f"-artifact_prefix={_CACHE}/{name}-",
            "-verbosity=0",
        ),
        "-print_final_stats=1",
    ]
    env = {**os.environ, "VIRTUAL_ENV": sys.prefix, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    report = done.stderr.splitlines()
    print("\n".join(report[-40:] if done.returncode else [line for line in report if "executed" in line]))
    return done.returncode == 0


def _corpus(name: str) -> Path:
    """Return the folder of a target's inputs, with its seeds in it."""
    folder = _CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    for seed in TARGETS[name].seeds:
        (folder / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    return folder


if __name__ == "__main__":
    sys.exit(main())
