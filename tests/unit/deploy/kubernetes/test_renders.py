"""Every kustomization renders, and what is committed is what the sources give now."""

import tempfile
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.unit.deploy.kubernetes.rendered import Rendered
from tools.manifests import (
    COMPONENTS,
    FOLDER,
    OVERLAYS,
    for_review,
    generated,
    golden,
    objects,
    render,
)

needs_kubectl = pytest.mark.usefixtures("kubectl")


@cache
def render_component(name: str, patches: str = "[]") -> Rendered:
    """Render the base with this component alone, and with these patches (YAML)."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        root = "../" * len(folder.parts[1:])
        kustomization = {
            "resources": [f"{root}{(FOLDER / 'base').relative_to('/')}"],
            "components": [f"{root}{(FOLDER / 'components' / name).relative_to('/')}"],
            "namespace": "alone",
            "patches": yaml.safe_load(patches),
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        return Rendered(name, objects(render(folder)))


def test_there_are_the_overlays_that_the_documentation_names() -> None:
    assert OVERLAYS == ("ci", "minimal", "production")


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_committed_render_of_an_overlay_is_what_its_sources_give(overlay: str) -> None:
    rendered = for_review(render(FOLDER / "overlays" / overlay))
    hint = "run `make manifests`, and look at what has changed"
    assert objects(golden(overlay).read_text()) == objects(rendered), hint


def test_nothing_is_committed_for_an_overlay_that_does_not_exist() -> None:
    assert sorted(path.stem for path in (FOLDER / "golden").iterdir()) == sorted(OVERLAYS)


@needs_kubectl
@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_renders_alone(component: str) -> None:
    rendered = render_component(component)
    assert {workload.component for workload in rendered.workloads} == {
        "gateway", "projector", "store", "notifier", "topics", "migrate",
    }  # fmt: skip


@needs_kubectl
def test_the_base_has_no_namespace() -> None:
    base = objects(render(FOLDER / "base"))
    assert [each for each in base if "namespace" in each["metadata"] or each["kind"] == "Namespace"] == []


def test_what_is_generated_from_the_code_is_up_to_date() -> None:
    stale = [path for path, text in generated() if not path.exists() or path.read_text() != text]
    assert stale == [], "run `make manifests`"
