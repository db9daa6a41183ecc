"""Nothing in and nothing out, but the edges that the documentation lists."""

import re
from dataclasses import dataclass

import pytest

from deploy.local.paths import ROOT
from message_store.settings import DatabaseSettings
from shared.runtime.kafka_settings import KafkaSettings
from tests.unit.deploy.kubernetes.rendered import ALL, SETTINGS, Rendered, overlay, selects
from tools.manifests import Object

every_overlay = pytest.mark.parametrize("rendered", ALL, ids=lambda rendered: rendered.name)

_PAGE = (ROOT / "docs" / "kubernetes.md").read_text()
_ROW = re.compile(r"^\| ([\w, ]+) \| ([\w, ]+) \| ([\d, ]+) \| (`[\w`, -]+`) \|$", re.MULTILINE)
_EVERY = frozenset(SETTINGS)


@dataclass(frozen=True)
class Edge:
    """Who may connect to whom, in the words of the documentation."""

    sources: frozenset[str]
    targets: frozenset[str]
    ports: frozenset[str]


def _words(cell: str) -> frozenset[str]:
    words = frozenset(cell.split(", "))
    return _EVERY if words == {"every pod"} else words


def _documented() -> dict[str, Edge]:
    """Return the edges of the documentation by the policy that opens them."""
    return {
        name.strip("`"): Edge(_words(sources), _words(targets), frozenset(ports.split(", ")))
        for sources, targets, ports, names in _ROW.findall(_PAGE)
        for name in names.split(", ")
    }


def _components(rendered: Rendered, selector: Object) -> frozenset[str]:
    return frozenset(
        workload.component for workload in rendered.workloads if selects(selector, workload.labels)
    )


def _peers(rendered: Rendered, rule: Object, direction: str) -> frozenset[str] | None:
    """Return the pods at the other end; None: any address."""
    if direction not in rule:
        return None
    found: set[str] = set()
    for peer in rule[direction]:
        labels = peer["podSelector"]["matchLabels"]
        match labels:
            case {"app.kubernetes.io/name": "prometheus"}:
                found.add("Prometheus")
            case {"strimzi.io/cluster": _}:
                found.add("Kafka")
            case {"cnpg.io/cluster": _}:
                found.add("PostgreSQL")
            case _:
                found |= _components(rendered, peer["podSelector"])
    return frozenset(found)


def _opened(
    rendered: Rendered,
) -> dict[str, tuple[str, frozenset[str], frozenset[str] | None, frozenset[str]]]:
    """Return direction, own end, other end and ports of each policy but the one that denies all."""
    opened = {}
    for name, policy in rendered.of("NetworkPolicy").items():
        spec = policy["spec"]
        if name in ("parley-deny-all", "parley-database"):
            continue
        (kind,) = spec["policyTypes"]
        (rule,) = spec[kind.lower()]
        peers = _peers(rendered, rule, "from" if kind == "Ingress" else "to")
        ports = frozenset(str(port["port"]) for port in rule["ports"])
        opened[name] = (kind, _components(rendered, spec["podSelector"]), peers, ports)
    return opened


@every_overlay
def test_all_is_denied_to_every_pod(rendered: Rendered) -> None:
    spec = rendered.of("NetworkPolicy")["parley-deny-all"]["spec"]
    assert set(spec) == {"podSelector", "policyTypes"}
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert _components(rendered, spec["podSelector"]) == _EVERY


@every_overlay
def test_every_policy_is_an_edge_of_the_documentation_and_every_edge_has_its_policies(
    rendered: Rendered,
) -> None:
    documented, opened = _documented(), _opened(rendered)
    assert set(documented) == set(opened)
    for name, (kind, own, peers, ports) in opened.items():
        edge = documented[name]
        assert own == (edge.targets if kind == "Ingress" else edge.sources), name
        assert peers in (None, edge.sources if kind == "Ingress" else edge.targets), name
        assert ports <= edge.ports, name


@every_overlay
def test_only_what_has_no_pods_of_its_own_is_open_to_every_address(rendered: Rendered) -> None:
    anywhere = {name for name, (_, _, peers, _) in _opened(rendered).items() if peers is None}
    outside = {"parley-to-dns", "parley-gateway-from-clients", "parley-gateway-to-issuer"}
    is_outside = rendered.name != "production"
    assert anywhere == outside | ({"parley-to-kafka", "parley-to-database"} if is_outside else set())


@every_overlay
def test_an_edge_between_two_pods_is_open_at_both_ends(rendered: Rendered) -> None:
    ends: dict[tuple[frozenset[str], frozenset[str], frozenset[str]], set[str]] = {}
    for kind, own, peers, ports in _opened(rendered).values():
        if peers is not None and peers <= _EVERY:
            source, target = (peers, own) if kind == "Ingress" else (own, peers)
            ends.setdefault((source, target, ports), set()).add(kind)
    assert len(ends) == 2
    assert all(kinds == {"Ingress", "Egress"} for kinds in ends.values())


@every_overlay
def test_kafka_and_the_database_are_open_to_those_who_use_them(rendered: Rendered) -> None:
    opened = _opened(rendered)
    for name, settings in (("parley-to-kafka", KafkaSettings), ("parley-to-database", DatabaseSettings)):
        assert opened[name][1] == {each for each, own in SETTINGS.items() if issubclass(own, settings)}


@every_overlay
def test_the_ports_are_those_of_the_addresses(rendered: Rendered) -> None:
    opened = _opened(rendered)
    for component in opened["parley-to-kafka"][1]:
        address = rendered.settings(rendered.workload(component))["KAFKA_BOOTSTRAP"]
        assert opened["parley-to-kafka"][3] == {address.rpartition(":")[2]}
    gateway = rendered.settings(rendered.workload("gateway"))
    assert opened["parley-gateway-to-store"][3] == {gateway["STORE_URL"].rpartition(":")[2]}
    assert opened["parley-gateway-to-notifier"][3] == {gateway["NOTIFIERS"].rpartition(":")[2]}


@every_overlay
def test_every_port_of_a_pod_can_be_reached(rendered: Rendered) -> None:
    opened = [each for each in _opened(rendered).values() if each[0] == "Ingress"]
    for workload in rendered.workloads:
        for port in workload.container.get("ports", []):
            number = str(port["containerPort"])
            assert any(workload.component in own and number in ports for _, own, _, ports in opened)


def test_the_database_is_reached_by_parley_its_instances_and_its_operator() -> None:
    rendered = overlay("production")
    spec = rendered.of("NetworkPolicy")["parley-database"]["spec"]
    assert spec["policyTypes"] == ["Ingress"]
    assert spec["podSelector"]["matchLabels"]["cnpg.io/cluster"] in rendered.of("Cluster")
    clients = [rule for rule in spec["ingress"] if rule["ports"][0]["port"] == 5432]
    assert _peers(rendered, clients[0], "from") == frozenset({"projector", "store", "migrate", "PostgreSQL"})
