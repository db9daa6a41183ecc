"""What the documentation refers to exists."""

import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from deploy.local.paths import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/**/*.md")])
OPERATIONS = ROOT / "docs/operations"
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
DEPLOYMENT = re.compile(r"deploy(?:ment)?/parley-(\w+)")
QUERY = re.compile(r"promtool query instant .*? '(.+)'")
METRIC = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b(?!\()")
BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"<[a-z]+>")
MATCHERS = re.compile(r"\{.*?\}")
TARGET = re.compile(r"`(?:[A-Z_]+=\S+ )*make ([a-z-]+)")


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for first, second in LINK.findall(page.read_text()):
        link = first or second
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in TARGET.findall(page.read_text()):
        assert re.search(rf"^(.* )?{target}( .*)?:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("folder", [OPERATIONS, OPERATIONS / "runbooks"], ids=lambda folder: folder.name)
def test_the_index_of_operations_lists_every_page(folder: Path) -> None:
    listed = {first for first, _ in LINK.findall((folder / "README.md").read_text())}
    assert listed >= {page.name for page in folder.glob("*.md")} - {"README.md"}


def operations_pages() -> list[Path]:
    return sorted(OPERATIONS.glob("**/*.md"))


def test_commands_of_operations_name_deployments_that_the_manifests_have() -> None:
    named = {name for page in operations_pages() for name in DEPLOYMENT.findall(page.read_text())}
    assert named
    for name in named:
        manifest = (ROOT / f"deploy/kubernetes/base/{name}.yaml").read_text()
        assert f"kind: Deployment\nmetadata:\n  name: parley-{name}\n" in manifest


def test_queries_of_operations_name_metrics_that_are_listed() -> None:
    listed = set(METRIC.findall((ROOT / "docs/metrics.md").read_text()))
    queries = [query for page in operations_pages() for query in QUERY.findall(page.read_text())]
    assert queries
    for query in queries:
        metrics = {name.removesuffix("_bucket") for name in METRIC.findall(MATCHERS.sub("", query))}
        assert metrics <= listed, query


@pytest.mark.parametrize(
    "page", [*operations_pages(), ROOT / "docs/kubernetes.md"], ids=lambda page: page.name
)
def test_every_command_of_operations_is_one_that_a_shell_can_read(page: Path) -> None:
    for _, block in BLOCK.findall(page.read_text()):
        script = textwrap.dedent(PLACEHOLDER.sub("NAME", block))
        checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")  # an open here-document is a warning only
