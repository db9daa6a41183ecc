"""`make sbom` writes what is shipped, at the versions of the locks."""

import json
import re
from pathlib import Path

from deploy.local.paths import ROOT
from tools import sbom

LOCKED = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))


def test_both_lists_hold_what_is_shipped_at_the_locked_versions(tmp_path: Path) -> None:
    python = _components(sbom.write_python(tmp_path / "python.json"))
    assert {"aiokafka", "pydantic", "uvicorn", "psycopg"} <= python.keys()
    assert not {"pytest", "hypothesis", "schemathesis"} & python.keys()
    assert python.items() <= LOCKED.items()
    web = _components(sbom.write_web(tmp_path / "web.json"))
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    direct = json.loads((ROOT / "frontend" / "package.json").read_text())
    assert direct["dependencies"].keys() <= web.keys()
    assert not direct["devDependencies"].keys() & web.keys()
    assert web["react"] == lock["node_modules/react"]["version"]


def _components(path: Path) -> dict[str, str]:
    bom = json.loads(path.read_text())
    assert bom["bomFormat"] == "CycloneDX"
    return {component["name"]: component["version"] for component in bom["components"]}
