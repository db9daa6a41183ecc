"""Components that no overlay includes, rendered upon the base."""

import importlib
import re
import textwrap
from pathlib import Path

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from deploy.local.paths import ROOT
from message_store.settings import DatabaseSettings
from shared.runtime.kafka_settings import KafkaSettings
from tests.unit.deploy.kubernetes.environment import started
from tests.unit.deploy.kubernetes.rendered import Rendered
from tests.unit.deploy.kubernetes.test_renders import needs_kubectl, render_component

pytestmark = needs_kubectl

PAGE = (ROOT / "docs" / "kubernetes.md").read_text()
_METRICS = ("gateway.metrics", "message_store.projector.main", "notifier.live.metrics")


@pytest.fixture(name="autoscaling", scope="module")
def fixture_autoscaling() -> Rendered:
    return render_component("autoscaling")


def measured() -> set[str]:
    """Return the names of the metrics of all services."""
    for module in _METRICS:
        importlib.import_module(module)
    return {metric.name for metric in REGISTRY.collect()}


def test_the_expression_of_each_trigger_is_one_of_prometheus(autoscaling: Rendered) -> None:
    scaled = autoscaling.of("ScaledObject")
    assert set(scaled) == {"parley-projector", "parley-notifier"}
    for each in scaled.values():
        (trigger,) = each["spec"]["triggers"]
        names = _selected(promql_parser.parse(trigger["metadata"]["query"]))
        assert names
        assert names <= measured()


def _selected(expression: object) -> set[str]:
    """Return the names of the metrics that an expression selects."""
    found = {expression.name} if isinstance(expression, promql_parser.VectorSelector) else set()
    for name in ("expr", "lhs", "rhs", "vector_selector", "args"):
        part = getattr(expression, name, None)
        for each in part if isinstance(part, list) else [part]:
            if each is not None and not isinstance(each, str):
                found |= _selected(each)
    return {each for each in found if each}


def test_gateways_are_scaled_by_a_metric_that_they_have(autoscaling: Rendered) -> None:
    (scaler,) = autoscaling.of("HorizontalPodAutoscaler").values()
    (metric,) = scaler["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] in measured()


def test_autoscalers_own_the_number_of_replicas(autoscaling: Rendered) -> None:
    scalers = [*autoscaling.of("HorizontalPodAutoscaler").values(), *autoscaling.of("ScaledObject").values()]
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in scalers}
    deployments = autoscaling.of("Deployment")
    assert scaled == {name for name, each in deployments.items() if "replicas" not in each["spec"]}


def test_gateways_that_are_added_get_sockets(autoscaling: Rendered) -> None:
    assert int(autoscaling.settings(autoscaling.workload("gateway"))["MAX_SOCKET_AGE"]) <= 3600


def test_replicas_go_one_at_a_time_and_slowly(autoscaling: Rendered) -> None:
    behaviors = [each["spec"]["behavior"] for each in autoscaling.of("HorizontalPodAutoscaler").values()]
    behaviors += [
        each["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        for each in autoscaling.of("ScaledObject").values()
    ]
    assert len(behaviors) == 3
    for behavior in behaviors:
        (policy,) = behavior["scaleDown"]["policies"]
        assert (policy["type"], policy["value"]) == ("Pods", 1)
        assert policy["periodSeconds"] >= 120
        assert behavior["scaleDown"]["stabilizationWindowSeconds"] >= 300


def test_consumers_are_never_more_than_partitions(autoscaling: Rendered) -> None:
    partitions = int(autoscaling.settings(autoscaling.workload("topics"))["PARTITIONS"])
    for each in autoscaling.of("ScaledObject").values():
        assert 2 <= each["spec"]["minReplicaCount"] < each["spec"]["maxReplicaCount"] <= partitions


@pytest.mark.parametrize("component", ["projector", "notifier", "topics"])
def test_a_client_of_kafka_starts_with_a_user_of_its_own(
    component: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = render_component("kafka-sasl")
    settings = started(rendered, rendered.workload(component), tmp_path, monkeypatch)
    assert isinstance(settings, KafkaSettings)
    assert (settings.kafka_username, settings.kafka_password.get_secret_value()) == (component, "made-up")
    assert settings.uses_tls


@pytest.mark.parametrize("component", ["projector", "store", "migrate"])
def test_a_client_of_the_database_requires_its_certificate(
    component: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = render_component("database-tls")
    settings = started(rendered, rendered.workload(component), tmp_path, monkeypatch)
    assert isinstance(settings, DatabaseSettings)
    assert "sslmode=verify-full" in settings.dsn


def test_an_http_route_has_no_timeout_and_leads_to_the_gateway() -> None:
    rendered = render_component("gateway-api")
    (route,) = rendered.of("HTTPRoute").values()
    (rule,) = route["spec"]["rules"]
    assert "timeouts" not in rule
    (backend,) = rule["backendRefs"]
    ports = rendered.of("Service")[backend["name"]]["spec"]["ports"]
    assert backend["port"] in {port["port"] for port in ports}


def test_external_secrets_are_all_those_that_the_pods_use() -> None:
    given = {
        name: {item["secretKey"] for item in each["spec"]["data"]}
        for name, each in render_component("external-secrets").of("ExternalSecret").items()
    }
    assert given == used_secrets("kafka-sasl")


def documented(component: str) -> Rendered:
    """Render the example of the documentation that includes this component and patches it."""
    blocks = re.findall(r"^ *```yaml\n( *components:\n.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
    examples = [yaml.safe_load(textwrap.dedent(block)) for block in blocks]
    (example,) = (each for each in examples if each["components"] == [f"../../components/{component}"])
    return render_component(component, yaml.safe_dump(example["patches"]))


def test_the_documentation_opens_the_port_of_an_outside_kafka() -> None:
    (rule,) = documented("kafka-sasl").of("NetworkPolicy")["parley-to-kafka"]["spec"]["egress"]
    assert rule == {"ports": [{"port": 9093, "protocol": "TCP"}]}


def test_the_documentation_names_the_gateway_and_host_of_the_route() -> None:
    (route,) = documented("gateway-api").of("HTTPRoute").values()
    assert route["spec"]["parentRefs"] == [{"name": "public", "namespace": "gateways"}]
    assert route["spec"]["hostnames"] == ["chat.example"]


def test_the_documentation_lists_every_secret_that_is_used() -> None:
    section = PAGE.partition("\n## Secrets\n")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| (`parley-[^|]+) \| (`[^|]+`) \|", section, re.MULTILINE)
    listed = {
        name: set(re.findall(r"`([^`]+)`", keys))
        for names, keys in rows
        for name in re.findall(r"`([^`]+)`", names)
    }
    pods = used_secrets("kafka-sasl", "strimzi", "cnpg", "database-tls", "internal-tls")
    assert listed == pods | public_certificates() | backup_credentials()


def public_certificates() -> dict[str, set[str]]:
    """Return the keys of every Secret that the Ingress refers to."""
    (ingress,) = render_component("ingress").of("Ingress").values()
    return {each["secretName"]: {"tls.crt", "tls.key"} for each in ingress["spec"]["tls"]}


def backup_credentials() -> dict[str, set[str]]:
    """Return the keys of every Secret that the object store of backups refers to."""
    (store,) = render_component("cnpg").of("ObjectStore").values()
    used: dict[str, set[str]] = {}
    for reference in store["spec"]["configuration"]["s3Credentials"].values():
        used.setdefault(reference["name"], set()).add(reference["key"])
    return used


def used_secrets(*components: str) -> dict[str, set[str]]:
    """Return the keys of every Secret that a pod refers to with one of these components."""
    used: dict[str, set[str]] = {}
    for workload in (each for name in components for each in render_component(name).workloads):
        for volume in workload.pod["volumes"]:
            projected = [source["secret"] for source in volume.get("projected", {}).get("sources", [])]
            alone = [volume["secret"]] if "secret" in volume else []
            for secret in projected + alone:
                name = secret.get("name") or secret["secretName"]
                used.setdefault(name, set()).update(item["key"] for item in secret["items"])
        for variable in workload.environment.values():
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                used.setdefault(reference["name"], set()).add(reference["key"])
    return used
