"""When the web client is installed and built; a stand-in for npm notes what it was asked for."""

import gzip
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.dependencies.web_client import Frontend
from deploy.local.errors import Failure

NODE = "#!/bin/sh\necho v22.1.0\n"
NPM = """#!/bin/sh
echo "$*" >>"$ASKED"
case "$*" in
    ci*) rm -rf node_modules && sleep 0.1 && mkdir node_modules ;;
    *build) rm -rf dist && mkdir -p dist/assets && cp src/app.ts dist/assets/app.js &&
        cp page dist/index.html ;;
    *test) exit 1 ;;
esac
"""
CODE = "console.log('hello')\n" * 50

Asked = Callable[[], list[str]]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of node and npm."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in (("node", NODE), ("npm", NPM)):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def asked(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What npm was asked for since it was asked last."""
    log = tmp_path / "asked"
    monkeypatch.setenv("ASKED", str(log))

    def since() -> list[str]:
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("")
        return [line.split()[-1] if line.startswith("run") else line.split()[0] for line in lines]

    return since


@pytest.fixture
def client(tmp_path: Path) -> Frontend:
    folder = tmp_path / "frontend"
    (folder / "src").mkdir(parents=True)
    for name, text in {
        "package-lock.json": "{}",
        "package.json": "{}",
        "page": "x",
        "src/app.ts": CODE,
    }.items():
        (folder / name).write_text(text)
    return Frontend(folder)


def test_it_is_built_once_and_again_when_a_source_changed(client: Frontend, asked: Asked) -> None:
    before = client.page
    client.build()
    assert before is None
    assert asked() == ["ci", "build"]
    assert client.page == client.folder / "dist"
    client.build()
    assert asked() == []
    (client.folder / "src/app.ts").write_text("changed")
    client.build()
    assert asked() == ["build"]
    (client.folder / "src/app.ts").rename(client.folder / "src/gone.ts")
    with pytest.raises(Failure, match="npm run --silent build failed"):
        client.build()


def test_a_start_says_beforehand_what_it_will_do(client: Frontend, asked: Asked) -> None:
    assert client.plan().startswith("installing 320 MB")
    client.build()
    assert client.plan() == "up to date"
    (client.folder / "src/app.ts").write_text("changed")
    assert client.plan().startswith("building")
    assert asked() == ["ci", "build"]


def test_what_was_removed_is_made_again(client: Frontend, asked: Asked) -> None:
    client.build()
    (client.folder / "dist/index.html").unlink()
    asked()
    client.build()
    assert asked() == ["build"]


def test_packages_are_installed_anew_only_when_the_lock_changed(client: Frontend, asked: Asked) -> None:
    client.check()
    assert asked() == ["ci", "--check", "check"]
    client.check()
    assert asked() == ["--check", "check"]
    (client.folder / "package-lock.json").write_text('{"changed": true}')
    client.check()
    assert asked() == ["ci", "--check", "check"]


def test_two_at_once_do_the_work_of_one(client: Frontend, asked: Asked) -> None:
    both = [threading.Thread(target=client.build) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert asked() == ["ci", "build"]


def test_what_shrinks_is_stored_small_beside_itself(client: Frontend, asked: Asked) -> None:
    client.build()
    built = client.folder / "dist"
    assert gzip.decompress((built / "assets/app.js.gz").read_bytes()).decode() == CODE
    assert not (built / "index.html.gz").exists()
    assert asked()


def test_a_failure_of_its_tests_is_a_failure(client: Frontend, asked: Asked) -> None:
    with pytest.raises(Failure, match="npm run --silent test failed"):
        client.test()
    assert asked() == ["ci", "test"]


@pytest.mark.parametrize("version", ["v18.13.0", "", None])
@pytest.mark.parametrize(
    ("system", "install"),
    [
        ("debian", r"curl .*deb\.nodesource\.com.*apt-get install nodejs"),
        ("fedora", "sudo dnf install nodejs npm"),
        ("arch", r"https://nodejs\.org/en/download"),
    ],
)
def test_without_a_node_that_will_do_one_line_says_how_to_get_it(
    client: Frontend,
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
        Failure, match=rf"Node\.js 20\.19 or later.* is missing.*; install: {install}$"
    ) as failure:
        client.build()
    assert "\n" not in str(failure.value)
    assert (version or "") in str(failure.value)
