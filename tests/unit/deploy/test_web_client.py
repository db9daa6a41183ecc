"""When the web client is installed and built; a fake npm records its calls."""

import gzip
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.dependencies.web_client import WebClient
from deploy.local.errors import UserError

NODE = "#!/bin/sh\necho v22.1.0\n"
NPM = """#!/bin/sh
echo "$*" >>"$NPM_CALLS"
case "$*" in
    ci*) rm -rf node_modules && sleep 0.1 && mkdir node_modules ;;
    *build) rm -rf dist && mkdir -p dist/assets && cp src/app.ts dist/assets/app.js &&
        cp page dist/index.html ;;
    *test) exit 1 ;;
esac
"""
CODE = "console.log('hello')\n" * 50

NpmCalls = Callable[[], list[str]]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the fake node and npm."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in (("node", NODE), ("npm", NPM)):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def npm_calls(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NpmCalls:
    """Returns the npm commands since its last call."""
    log = tmp_path / "npm-calls"
    monkeypatch.setenv("NPM_CALLS", str(log))

    def calls() -> list[str]:
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("")
        return [line.split()[-1] if line.startswith("run") else line.split()[0] for line in lines]

    return calls


@pytest.fixture
def client(tmp_path: Path) -> WebClient:
    folder = tmp_path / "frontend"
    (folder / "src").mkdir(parents=True)
    for name, text in {
        "package-lock.json": "{}",
        "package.json": "{}",
        "page": "x",
        "src/app.ts": CODE,
    }.items():
        (folder / name).write_text(text)
    return WebClient(folder)


def test_it_is_built_once_and_again_after_a_source_changed(client: WebClient, npm_calls: NpmCalls) -> None:
    before = client.dist
    client.build()
    assert before is None
    assert npm_calls() == ["ci", "build"]
    assert client.dist == client.folder / "dist"
    client.build()
    assert npm_calls() == []
    (client.folder / "src/app.ts").write_text("changed")
    client.build()
    assert npm_calls() == ["build"]
    (client.folder / "src/app.ts").rename(client.folder / "src/gone.ts")
    with pytest.raises(UserError, match="npm run --silent build failed"):
        client.build()


def test_the_plan_names_what_the_build_will_do(client: WebClient, npm_calls: NpmCalls) -> None:
    assert client.plan().startswith("installing 320 MB")
    client.build()
    assert client.plan() == "up to date"
    (client.folder / "src/app.ts").write_text("changed")
    assert client.plan().startswith("building")
    assert npm_calls() == ["ci", "build"]


def test_a_deleted_build_is_built_again(client: WebClient, npm_calls: NpmCalls) -> None:
    client.build()
    (client.folder / "dist/index.html").unlink()
    npm_calls()
    client.build()
    assert npm_calls() == ["build"]


def test_packages_are_installed_again_only_after_the_lock_changed(
    client: WebClient, npm_calls: NpmCalls
) -> None:
    client.run("check")
    assert npm_calls() == ["ci", "--check", "check"]
    client.run("check")
    assert npm_calls() == ["--check", "check"]
    (client.folder / "package-lock.json").write_text('{"changed": true}')
    client.run("check")
    assert npm_calls() == ["ci", "--check", "check"]


def test_two_concurrent_builds_do_the_work_of_one(client: WebClient, npm_calls: NpmCalls) -> None:
    builds = [threading.Thread(target=client.build) for _ in range(2)]
    for build in builds:
        build.start()
    for build in builds:
        build.join()
    assert npm_calls() == ["ci", "build"]


def test_files_that_compress_well_are_stored_compressed_too(client: WebClient, npm_calls: NpmCalls) -> None:
    client.build()
    dist = client.folder / "dist"
    assert gzip.decompress((dist / "assets/app.js.gz").read_bytes()).decode() == CODE
    assert not (dist / "index.html.gz").exists()
    assert npm_calls()


def test_failing_unit_tests_raise_an_error(client: WebClient, npm_calls: NpmCalls) -> None:
    with pytest.raises(UserError, match="npm run --silent test failed"):
        client.run("test")
    assert npm_calls() == ["ci", "test"]


@pytest.mark.parametrize("version", ["v18.13.0", "", None])
@pytest.mark.parametrize(
    ("system", "install"),
    [
        ("debian", r"curl .*deb\.nodesource\.com.*apt-get install nodejs"),
        ("fedora", "sudo dnf install nodejs npm"),
        ("arch", r"https://nodejs\.org/en/download"),
    ],
)
def test_without_a_recent_node_one_line_names_the_command_that_installs_it(
    client: WebClient,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str | None,
    system: str,
    install: str,
) -> None:
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": system})
    monkeypatch.setenv("PATH", os.fspath(programs))
    if version is None:
        (programs / "node").unlink()
    else:
        (programs / "node").write_text(f"#!/bin/sh\necho {version}\n")
    with pytest.raises(
        UserError, match=rf"Node\.js 20\.19 or later.* is missing.*; install: {install}$"
    ) as error:
        client.build()
    assert "\n" not in str(error.value)
    assert (version or "") in str(error.value)
