"""The image: what it holds, that it is the same each time, and that each command starts in it."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from deploy.images import build_context, local_images, parley_image, podman, runtime_lock
from deploy.images.source import Source
from tests.images.file_system import Entry, entries
from tools import sbom

pytestmark = [pytest.mark.images, pytest.mark.timeout(1_200)]

MAX_BYTES_ABOVE_BASE = 100_000_000
LOCKED_DOWN = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--network=none")
NO_PASSWD_ENTRY = "--passwd=false"
"""As in Kubernetes; podman would add an entry for the user."""


@pytest.fixture(scope="session")
def files(image: str) -> Mapping[str, Entry]:
    return entries(image)


def _start(image: str, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run a command in the image, without any right."""
    command = ["podman", "run", "--rm", NO_PASSWD_ENTRY, *(options or LOCKED_DOWN), image, *arguments]
    return subprocess.run(
        command, env=podman.environment(), capture_output=True, text=True, timeout=120, check=False
    )


def test_it_adds_less_than_100_mb_to_its_base(files: Mapping[str, Entry]) -> None:
    base = entries(local_images.BASE.name)
    added = sum(entry.size for path, entry in files.items() if base.get(path) != entry)
    assert added < MAX_BYTES_ABOVE_BASE


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("gateway", "SERVICE_TOKEN"),
        ("message-store migrate", "DATABASE_URL"),
        ("message-store project", "DATABASE_URL"),
        ("message-store serve", "DATABASE_URL"),
        ("notifier", "SERVICE_TOKEN"),
        ("topics", "PARTITIONS"),
    ],
)
def test_each_command_starts_without_a_right_and_names_a_setting(
    image: str, command: str, fault: str
) -> None:
    ended = _start(image, *command.split(), options=(*LOCKED_DOWN, "--env=PARTITIONS=0"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("bad settings: ")
    assert fault in ended.stderr


def test_all_that_is_imported_can_be_imported_without_a_right(image: str) -> None:
    modules = ["gateway.main", "message_store.__main__", "notifier.live.main", "shared.log.topics"]
    program = f"import {', '.join(modules)}; import os; print(os.getuid(), os.getgid())"
    ended = _start(image, "python", "-W", "error", "-c", program)
    assert (ended.returncode, ended.stdout.split(), ended.stderr) == (0, ["10001", "10001"], "")


def test_it_holds_no_shell_no_package_manager_no_compiler_and_no_test(files: Mapping[str, Entry]) -> None:
    programs = {Path(path).name for path in files if re.search(r"(^|/)s?bin/[^/]+$", path)}
    unwanted = "sh bash dash busybox pip pip3 uv apt apt-get dpkg perl gcc cc as ld make pytest"
    assert not programs & set(unwanted.split())
    packages = {found[1] for path in files if (found := re.search(r"/site-packages/([^/]+)", path))}
    assert {"gateway", "shared", "aiokafka"} <= packages
    assert not packages & {
        "pip",
        "setuptools",
        "wheel",
        "uv",
        "pytest",
        "hypothesis",
        "mypy",
        "testcontainers",
        "tests",
    }


def test_nothing_of_parleys_can_be_written_by_its_user(files: Mapping[str, Entry]) -> None:
    own = {path: entry for path, entry in files.items() if path.startswith("opt/parley")}
    assert len(own) > 1_000
    links = {path for path, entry in own.items() if entry.mode == 0o777 and not entry.size}
    assert not [path for path, entry in own.items() if entry.mode & 0o022 and path not in links]
    assert {entry.owner for entry in own.values()} == {(0, 0)}


def test_it_holds_the_web_client(files: Mapping[str, Entry]) -> None:
    assert "opt/parley/web/index.html" in files
    assert "opt/parley/web/index.html.gz" in files


def test_its_packages_are_compiled(files: Mapping[str, Entry]) -> None:
    modules = {path for path in files if re.search(r"site-packages/(gateway|shared|uvicorn)/.*\.py$", path)}
    compiled = {re.sub(r"__pycache__/(\w+)\.cpython-311\.pyc$", r"\1.py", path) for path in files}
    assert modules
    assert modules <= compiled


def test_its_labels_name_version_revision_and_licence(image: str, source: Source) -> None:
    labels = podman.inspect(image)["Labels"]
    prefix = "org.opencontainers.image."
    assert labels[f"{prefix}version"] == source.version
    assert labels[f"{prefix}revision"] == source.revision
    assert labels[f"{prefix}licenses"] == "Apache-2.0"
    assert labels[f"{prefix}base.name"] == local_images.BASE.name
    assert podman.inspect(image)["User"] == "10001:10001"


def test_built_again_it_is_the_same_to_the_byte(image: str, source: Source, tmp_path: Path) -> None:
    context = tmp_path / "context"
    build_context.fill(context, source)
    again = parley_image.build(source, tag="again", context=context)
    assert entries(again) == entries(image)
    assert podman.inspect(again)["Id"] == podman.inspect(image)["Id"]


def test_the_sbom_lists_what_the_lock_pins_and_what_the_image_holds(image: str, tmp_path: Path) -> None:
    bom = json.loads(sbom.write_image(image, tmp_path / "image.json").read_text())
    listed = {component["name"].lower(): component["version"] for component in bom["components"]}
    normalized = {re.sub(r"[-_.]+", "-", name): version for name, version in listed.items()}
    assert normalized == runtime_lock.versions(runtime_lock.LOCK.read_text())
    assert bom["metadata"]["component"]["name"] == "parley"


def test_a_user_without_an_entry_in_passwd_migrates_a_real_database(image: str, database_url: str) -> None:
    options = ("--read-only", "--cap-drop=all", "--network=host", f"--env=DATABASE_URL={database_url}")
    for expected in ([1, 2, 3], []):
        ended = _start(image, "message-store", "migrate", options=options)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        logged = json.loads(ended.stdout.strip().splitlines()[-1])
        assert logged["event"] == "database.migrated"
        assert len(logged["applied"]) == len(expected)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select to_regclass('messages')").fetchone() != (None,)


def test_it_is_exported_as_an_archive_that_is_loaded_again(image: str, tmp_path: Path) -> None:
    archive = tmp_path / "parley.tar"
    parley_image.export(image, archive)
    assert image in podman.run("load", "--input", str(archive))
