"""Objects of Strimzi and CloudNativePG fit the code, and what they make is what the pods use."""

import operator

import pytest
import yaml

from deploy.local.paths import ROOT
from gateway.settings import Settings as GatewaySettings
from shared.log.rights import rights
from shared.log.topics import Topics, TopicSettings, topic_specs
from tests.unit.deploy.kubernetes.rendered import Rendered, overlay
from tools.manifests import PROTECTED

MONITORING = ROOT / "deploy" / "monitoring"


@pytest.fixture(name="production")
def fixture_production() -> Rendered:
    return overlay("production")


def test_the_topics_are_those_that_the_job_would_create(production: Rendered) -> None:
    given = production.settings(production.workload("topics"))
    settings = TopicSettings(
        partitions=int(given["PARTITIONS"]),
        replication=int(given["REPLICATION"]),
        min_insync_replicas=int(given["MIN_INSYNC_REPLICAS"]),
    )
    expected = {
        spec.name: {
            "partitions": spec.partitions,
            "replicas": settings.replication,
            "config": dict(spec.config),
        }
        for spec in topic_specs(settings)
    }
    assert {name: topic["spec"] for name, topic in production.of("KafkaTopic").items()} == expected


def test_the_eternal_topics_are_protected_and_no_others(production: Rendered) -> None:
    eternal = {spec.name for spec in topic_specs(TopicSettings()) if spec.config.get("retention.ms") == "-1"}
    topics = production.of("KafkaTopic")
    assert {
        name for name, each in topics.items() if each["metadata"]["labels"].items() >= PROTECTED.items()
    } == eternal
    assert Topics.with_prefix().events in eternal


def test_every_user_has_the_rights_that_its_work_needs_and_no_others(production: Rendered) -> None:
    given = {
        name.removeprefix("parley-kafka-"): {
            (acl["resource"]["type"], acl["resource"]["name"], operation)
            for acl in user["spec"]["authorization"]["acls"]
            for operation in acl["operations"]
        }
        for name, user in production.of("KafkaUser").items()
    }
    assert given == {name: set(map(tuple, own)) for name, own in rights().items()}
    acls = [
        acl for user in production.of("KafkaUser").values() for acl in user["spec"]["authorization"]["acls"]
    ]
    assert {acl["resource"]["patternType"] for acl in acls} == {"literal"}


def test_the_brokers_keep_the_log_and_take_the_session_timeout(production: Rendered) -> None:
    config = production.of("Kafka")["parley"]["spec"]["kafka"]["config"]
    assert config["delete.topic.enable"] is False
    assert config["auto.create.topics.enable"] is False
    assert config["unclean.leader.election.enable"] is False
    for component in ("projector", "notifier"):
        timeout = float(production.settings(production.workload(component))["SESSION_TIMEOUT"])
        assert config["group.min.session.timeout.ms"] <= timeout * 1000


def test_the_address_and_authority_of_kafka_are_those_that_strimzi_makes(production: Rendered) -> None:
    (name,) = production.of("Kafka")
    (listener,) = production.of("Kafka")[name]["spec"]["kafka"]["listeners"]
    assert listener["tls"] is True
    assert listener["authentication"] == {"type": "scram-sha-512"}
    for component in ("gateway", "projector", "notifier", "topics"):
        workload = production.workload(component)
        given = production.settings(workload)
        assert given["KAFKA_BOOTSTRAP"] == f"{name}-kafka-bootstrap:{listener['port']}"
        assert given["KAFKA_SASL_MECHANISM"] == "SCRAM-SHA-512"
        volumes = {each["name"]: each.get("secret", {}).get("secretName") for each in workload.pod["volumes"]}
        assert volumes["kafka-ca"] == f"{name}-cluster-ca-cert"
        assert volumes["kafka"] in production.of("KafkaUser")
        assert workload.environment["KAFKA_USERNAME"] == {"name": "KAFKA_USERNAME", "value": volumes["kafka"]}


def test_no_disk_of_the_log_or_the_database_is_deleted_with_its_owner(production: Rendered) -> None:
    pools = production.of("KafkaNodePool").values()
    assert [volume["deleteClaim"] for pool in pools for volume in pool["spec"]["storage"]["volumes"]] == [
        False,
        False,
    ]
    for pool in pools:
        assert pool["spec"]["template"]["persistentVolumeClaim"]["metadata"]["labels"] == PROTECTED
        assert pool["metadata"]["labels"].items() >= PROTECTED.items()
    database = production.of("Cluster")["parley-database"]
    assert database["spec"]["inheritedMetadata"]["labels"] == PROTECTED
    assert database["metadata"]["labels"].items() >= PROTECTED.items()
    assert production.of("Kafka")["parley"]["metadata"]["labels"].items() >= PROTECTED.items()


def test_the_namespace_is_marked(production: Rendered) -> None:
    (namespace,) = production.of("Namespace").values()
    assert namespace["metadata"]["labels"].items() >= PROTECTED.items()


@pytest.mark.parametrize("name", ["ci", "minimal", "production"])
def test_the_namespace_admits_restricted_pods_alone(name: str) -> None:
    ((found, namespace),) = overlay(name).of("Namespace").items()
    labels = namespace["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")} == {
        "restricted"
    }
    namespaces = {
        each["metadata"]["namespace"] for each in overlay(name).objects if "namespace" in each["metadata"]
    }
    assert namespaces == {found}


def test_every_policy_of_admission_is_bound_and_denies(production: Rendered) -> None:
    policies = production.of("ValidatingAdmissionPolicy")
    bindings = production.of("ValidatingAdmissionPolicyBinding")
    assert {each["spec"]["policyName"] for each in bindings.values()} == set(policies)
    assert {tuple(each["spec"]["validationActions"]) for each in bindings.values()} == {("Deny",)}
    for policy in policies.values():
        assert policy["spec"]["failurePolicy"] == "Fail"
        assert policy["spec"]["matchConstraints"]["objectSelector"] == {"matchLabels": PROTECTED}


def test_deletion_and_removal_of_the_label_are_refused_for_the_same_kinds(production: Rendered) -> None:
    policies = production.of("ValidatingAdmissionPolicy")
    kinds = [
        {
            (*rule["apiGroups"], *rule["resources"])
            for rule in policies[name]["spec"]["matchConstraints"]["resourceRules"]
        }
        for name in ("parley-protect-deletion", "parley-protect-label")
    ]
    assert kinds[0] == kinds[1] == {
        ("", "namespaces", "persistentvolumeclaims"),
        ("kafka.strimzi.io", "kafkas", "kafkanodepools", "kafkatopics"),
        ("postgresql.cnpg.io", "clusters"),
    }  # fmt: skip


def test_the_database_keeps_what_it_has_confirmed(production: Rendered) -> None:
    spec = production.of("Cluster")["parley-database"]["spec"]
    assert spec["instances"] == 3
    assert spec["postgresql"]["synchronous"] == {"method": "any", "number": 1, "dataDurability": "required"}
    assert "walStorage" in spec
    assert spec["bootstrap"]["initdb"]["encoding"] == "UTF8"


def test_backups_go_by_the_plugin_to_the_object_store(production: Rendered) -> None:
    spec = production.of("Cluster")["parley-database"]["spec"]
    assert "backup" not in spec
    (plugin,) = spec["plugins"]
    assert plugin["isWALArchiver"] is True
    assert plugin["parameters"]["barmanObjectName"] in production.of("ObjectStore")
    (backup,) = production.of("ScheduledBackup").values()
    assert (backup["spec"]["method"], backup["spec"]["pluginConfiguration"]["name"]) == (
        "plugin",
        plugin["name"],
    )
    assert backup["spec"]["cluster"]["name"] in production.of("Cluster")


def test_the_owner_of_the_database_is_that_of_cloudnativepg(production: Rendered) -> None:
    (name,) = production.of("Cluster")
    volumes = {each["name"]: each for each in production.workload("migrate").pod["volumes"]}
    secrets = [source["secret"]["name"] for source in volumes["secrets"]["projected"]["sources"]]
    assert secrets[0] == f"{name}-app"
    assert volumes["database-ca"]["secret"]["secretName"] == f"{name}-ca"
    spec = production.of("Cluster")[name]["spec"]
    (role,) = spec["managed"]["roles"]
    assert (role["name"], role["createrole"]) == (spec["bootstrap"]["initdb"]["owner"], True)


def test_the_ingress_keeps_silent_sockets_and_leads_to_the_gateway(production: Rendered) -> None:
    (ingress,) = production.of("Ingress").values()
    heartbeat = GatewaySettings.model_fields["heartbeat_seconds"].default
    for name in ("read", "send"):
        timeout = ingress["metadata"]["annotations"][f"nginx.ingress.kubernetes.io/proxy-{name}-timeout"]
        assert int(timeout) >= 2 * heartbeat
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    service = production.of("Service")[path["backend"]["service"]["name"]]
    assert path["backend"]["service"]["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}
    public_url = production.settings(production.workload("gateway"))["PUBLIC_URL"]
    assert public_url == f"https://{rule['host']}"
    assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"]]


def test_the_rules_and_dashboards_are_all_those_of_the_repository(production: Rendered) -> None:
    (rule,) = production.of("PrometheusRule").values()
    files = sorted((MONITORING / "rules").glob("*.yaml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    by_name = operator.itemgetter("name")
    assert sorted(rule["spec"]["groups"], key=by_name) == sorted(groups, key=by_name)
    (dashboards,) = (each for name, each in production.of("ConfigMap").items() if "dashboards" in name)
    assert set(dashboards["data"]) == {file.name for file in (MONITORING / "dashboards").glob("*.json")}


def test_every_pod_that_serves_is_scraped(production: Rendered) -> None:
    (monitor,) = production.of("PodMonitor").values()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    (relabeling,) = endpoint["relabelings"]
    assert relabeling["targetLabel"] == "component", "the rules select by it"
    assert relabeling["sourceLabels"] == ["__meta_kubernetes_pod_label_app_kubernetes_io_component"]
    assert endpoint["path"] == "/metrics"
    for workload in production.workloads:
        assert workload.labels.items() >= monitor["spec"]["selector"]["matchLabels"].items()
        if workload.kind == "Deployment":
            assert endpoint["port"] in {port["name"] for port in workload.container["ports"]}
