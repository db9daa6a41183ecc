"""The command line: `python -m deploy.images COMMAND`."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.images import build_context, local_images, parley_image, podman, runtime_lock
from deploy.images.container_engine import testcontainers_engine
from deploy.images.source import Source
from deploy.local.errors import UserError
from deploy.local.paths import ROOT


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit code."""
    given = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = COMMANDS[given.command]
    try:
        return command(given)
    except UserError as error:
        print(f"parley: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.images", description="Parley's container image.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    context = commands.add_parser("context", help="fill the folder that the image is built from")
    build = commands.add_parser("build", help="fill it and build the image with podman")
    for command in (context, build):
        command.add_argument(
            "--checkout", type=Path, default=ROOT, help="of another commit (default: this one)"
        )
    build.add_argument("--base", help="image to build on (default: one of Debian packages, made here)")
    build.add_argument("--tag", help="of the image (default: the version)")

    export = commands.add_parser("export", help="write the image as an archive for ctr and podman load")
    export.add_argument("file", type=Path)
    export.add_argument("--tag", help="of the image (default: the version)")

    commands.add_parser("servers", help="make images of Kafka, PostgreSQL and Prometheus of Debian packages")

    lock = commands.add_parser("lock", help="write the runtime lock")
    lock.add_argument("--check", action="store_true", help="compare it with requirements.lock instead")

    engine = commands.add_parser("engine", help="run a command of the tests with podman as Docker engine")
    engine.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    return parser


def _context(given: argparse.Namespace) -> int:
    build_context.fill(build_context.FOLDER, Source.read(given.checkout))
    print(build_context.FOLDER.relative_to(ROOT))
    return 0


def _build(given: argparse.Namespace) -> int:
    source = Source.read(given.checkout.resolve())
    podman.require()
    build_context.fill(build_context.FOLDER, source)
    image = parley_image.build(source, base=given.base, tag=given.tag)
    size = podman.inspect(image)["Size"] / 1_000_000
    print(f"{image}: {size:.0f} MB, of {source.revision}")
    return 0


def _export(given: argparse.Namespace) -> int:
    tag = given.tag or Source.read().version
    parley_image.export(f"{parley_image.IMAGE}:{tag}", given.file)
    print(given.file)
    return 0


def _servers(_: argparse.Namespace) -> int:
    print("\n".join(image.build_unless_there() for image in local_images.SERVERS))
    return 0


def _lock(given: argparse.Namespace) -> int:
    if not given.check:
        runtime_lock.write(ROOT, runtime_lock.LOCK)
        return 0
    faults = runtime_lock.faults()
    for fault in faults:
        print(f"deploy/images/requirements.lock: {fault}: make lock", file=sys.stderr)
    return 1 if faults else 0


def _engine(given: argparse.Namespace) -> int:
    command = given.argv[1:] if given.argv[:1] == ["--"] else given.argv
    if not command:
        raise UserError("name the command: python -m deploy.images engine -- COMMAND")
    with testcontainers_engine() as variables:
        return subprocess.run(command, env={**os.environ, **variables}, check=False).returncode


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "context": _context,
    "build": _build,
    "export": _export,
    "servers": _servers,
    "lock": _lock,
    "engine": _engine,
}
