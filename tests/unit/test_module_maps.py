"""The maps in the packages' docstrings: complete, and of packages that can be read at once."""

import ast
import re
from pathlib import Path

import pytest

from deploy.local.paths import ROOT

_FOLDERS = (
    "services/gateway/src/gateway",
    "services/message-store/src/message_store",
    "services/notifier/src/notifier",
    "shared/src/shared",
    "tools",
    "deploy/images",
    "deploy/local",
    "tests/cluster",
    "bench",
)
_MAX_MODULES, _MAX_ROOMS = 15, 20
_ROW = re.compile(r"^(?:\* `)?(\w+)/?(?:`:| {2,})", re.MULTILINE)


PACKAGES = [path.parent for folder in _FOLDERS for path in sorted((ROOT / folder).rglob("__init__.py"))]


def _modules(package: Path) -> set[str]:
    """What stands side by side in the package."""
    files = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    return files | {path.parent.name for path in package.glob("*/__init__.py")}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_map_of_a_package_names_each_of_its_modules(package: Path) -> None:
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    assert set(_ROW.findall(docstring)) - {"__main__"} == _modules(package)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_package_is_too_large_to_be_read_at_once(package: Path) -> None:
    assert len(list(package.glob("*.py"))) - 1 <= _MAX_MODULES
    assert len(_modules(package)) < _MAX_ROOMS
