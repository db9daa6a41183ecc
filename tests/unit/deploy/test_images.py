"""The image's lock and Dockerfile; `make images-test` tries the image itself."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.images import runtime_lock
from deploy.images.parley_image import ENVIRONMENT
from deploy.local.paths import ROOT
from tests.unit.deploy import dockerfile

_names = st.sampled_from(["a", "b", "c", "d"])
_pins = st.dictionaries(_names, st.sampled_from(["==1", "==2"]))


def test_the_runtime_lock_holds_what_the_services_need_as_the_repositorys_lock_pins_it() -> None:
    assert runtime_lock.faults() == []


def test_the_runtime_lock_holds_no_tool_and_a_hash_of_every_package() -> None:
    pins = runtime_lock.pins(runtime_lock.LOCK.read_text())
    assert {"aiokafka", "fastapi", "psycopg", "psycopg-binary", "uvloop"} <= pins.keys()
    assert not {"pip", "pytest", "hypothesis", "mypy", "uv", "hatchling", "testcontainers"} & pins.keys()
    assert all("--hash=sha256:" in pin for pin in pins.values())


def test_of_an_earlier_release_the_extras_that_it_has_are_installed(tmp_path: Path) -> None:
    optional = "[project.optional-dependencies]\ngateway = []\nnotifier = []\ndev = []\n"
    (tmp_path / "pyproject.toml").write_text(optional)
    assert runtime_lock.extras_of(tmp_path) == ["gateway", "notifier"]
    assert runtime_lock.extras_of(ROOT) == [*runtime_lock.EXTRAS]


@given(runtime=_pins, repository=_pins, needed=st.sets(_names))
def test_a_lock_has_no_fault_exactly_if_it_is_the_needed_part_of_the_other(
    runtime: dict[str, str], repository: dict[str, str], needed: set[str]
) -> None:
    faults = runtime_lock.compare(runtime, repository, needed)
    is_right = runtime.keys() == needed and runtime.items() <= repository.items()
    assert (faults == []) == is_right


def test_a_fault_names_the_package() -> None:
    faults = runtime_lock.compare({"a": "a==1", "b": "b==1"}, {"b": "b==2", "c": "c==1"}, {"b", "c"})
    assert faults == [
        "c is missing",
        "a is needed by no service",
        "b is not pinned as in requirements.lock",
    ]


def test_pins_are_read_with_their_hashes_by_normalized_name() -> None:
    lock = "Some_Name[extra]==1.0 ; x == 'y' \\\n    --hash=sha256:aa\nother==2 \\\n    --hash=sha256:bb\n"
    lock = lock.replace("[extra]", "")
    assert runtime_lock.pins(lock).keys() == {"some-name", "other"}
    assert "sha256:aa" in runtime_lock.pins(lock)["some-name"]
    assert runtime_lock.versions(lock) == {"some-name": "1.0", "other": "2"}


def test_the_image_runs_as_a_numeric_user_without_an_entry_point_of_the_base() -> None:
    assert dockerfile.final("USER") == ["10001:10001"]
    assert dockerfile.final("ENTRYPOINT") == ["[]"]
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    (command,) = dockerfile.final("CMD")
    assert dockerfile.exec_form(command)[0] in scripts


def test_no_step_of_the_build_needs_a_shell_or_the_network() -> None:
    steps = [arguments for stage in dockerfile.stages() for name, arguments in stage if name == "RUN"]
    for step in steps:
        program, *arguments = dockerfile.exec_form(re.sub(r"^(--\S+\s+)*", "", step))
        assert program == "/context/uv", step
        assert not [argument for argument in arguments if "://" in argument]
    first = dict(word.split("=", 1) for word in _words("ENV"))
    assert (first["UV_OFFLINE"], first["UV_FIND_LINKS"]) == ("1", "/context/wheels")


def _words(instruction: str) -> list[str]:
    return [word for name, text in dockerfile.stages()[0] if name == instruction for word in text.split()]


def test_the_image_serves_the_web_client_that_it_holds() -> None:
    web_root = dockerfile.environment()["WEB_ROOT"]
    assert web_root == f"{ENVIRONMENT}/web"
    assert f"web {web_root}" in dockerfile.final("COPY")


@pytest.mark.parametrize("label", ["title", "licenses", "version", "revision"])
def test_the_image_is_labelled(label: str) -> None:
    assert f"org.opencontainers.image.{label}=" in " ".join(dockerfile.final("LABEL"))
