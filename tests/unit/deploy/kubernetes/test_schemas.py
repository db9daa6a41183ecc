"""Built-in kinds fit the schemas of Kubernetes, and have no field that these do not know.

The other kinds are checked by an API server with the schemas of their operators.
"""

import json

import kubernetes_validate
import pytest

from tests.unit.deploy.kubernetes.rendered import ALL
from tools.manifests import Object

VERSION = "1.34"
_OPERATORS = (
    "kafka.strimzi.io", "postgresql.cnpg.io", "barmancloud.cnpg.io", "monitoring.coreos.com",
)  # fmt: skip


def _distinct() -> dict[str, Object]:
    """Return all objects, those that overlays have in common once."""
    return {
        f"{rendered.name}/{each['kind']}/{each['metadata']['name']}": each
        for each, rendered in {
            json.dumps(each, sort_keys=True): (each, rendered)
            for rendered in ALL
            for each in rendered.objects
        }.values()
    }


OBJECTS = _distinct()
BUILT_IN = [name for name, each in OBJECTS.items() if each["apiVersion"].partition("/")[0] not in _OPERATORS]


@pytest.mark.parametrize("name", BUILT_IN)
def test_an_object_fits_its_schema(name: str) -> None:
    kubernetes_validate.validate(OBJECTS[name], VERSION, strict=True)


def test_a_misspelt_field_is_refused() -> None:
    name = next(name for name in BUILT_IN if "/Deployment/" in name)
    mutant = json.loads(json.dumps(OBJECTS[name]))
    container = mutant["spec"]["template"]["spec"]["containers"][0]
    container["readynessProbe"] = container.pop("readinessProbe")
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(mutant, VERSION, strict=True)
