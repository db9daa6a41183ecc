"""What every pod is: restricted as Pod Security says, and more."""

import re
from collections import Counter

import pytest

from tests.unit.deploy.kubernetes.rendered import ALL, DEPLOYMENTS, JOBS, WORKLOADS, Rendered, Workload

every_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=str)
every_deployment = pytest.mark.parametrize("workload", DEPLOYMENTS, ids=str)
every_job = pytest.mark.parametrize("workload", JOBS, ids=str)
every_overlay = pytest.mark.parametrize("rendered", ALL, ids=lambda rendered: rendered.name)
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


@every_overlay
def test_an_overlay_has_every_component_once(rendered: Rendered) -> None:
    assert Counter(workload.component for workload in rendered.workloads) == Counter(
        ["gateway", "projector", "store", "notifier", "topics", "migrate"]
    )


@every_workload
def test_a_pod_runs_as_a_user_with_a_high_number(workload: Workload) -> None:
    context = workload.pod["securityContext"]
    assert (context["runAsNonRoot"], context["runAsUser"], context["runAsGroup"]) == (True, 10001, 10001)


@every_workload
def test_a_pod_has_the_default_seccomp_profile(workload: Workload) -> None:
    assert workload.pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


@every_workload
def test_a_container_has_no_capabilities_and_gains_none(workload: Workload) -> None:
    context = workload.container["securityContext"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["allowPrivilegeEscalation"] is False


@every_workload
def test_a_container_writes_to_a_small_temporary_folder_alone(workload: Workload) -> None:
    assert workload.container["securityContext"]["readOnlyRootFilesystem"] is True
    writable = {
        mount["mountPath"]: mount["name"]
        for mount in workload.container["volumeMounts"]
        if not mount.get("readOnly")
    }
    volumes = {volume["name"]: volume for volume in workload.pod["volumes"]}
    assert [volumes[name]["emptyDir"] for name in writable.values()] == [{"sizeLimit": "16Mi"}]
    assert list(writable) == ["/tmp"]  # noqa: S108


@every_workload
def test_a_pod_is_of_no_host_namespace_and_mounts_nothing_of_the_host(workload: Workload) -> None:
    assert {"hostNetwork", "hostPID", "hostIPC"}.isdisjoint(workload.pod)
    assert {key for volume in workload.pod["volumes"] for key in volume} <= {
        "name", "emptyDir", "projected", "secret",
    }  # fmt: skip


@every_workload
def test_a_pod_has_no_token_of_the_api_server(workload: Workload) -> None:
    assert workload.pod["automountServiceAccountToken"] is False
    assert workload.pod["serviceAccountName"] == "parley"


@every_overlay
def test_the_service_account_has_no_rights(rendered: Rendered) -> None:
    assert rendered.of("ServiceAccount")["parley"]["automountServiceAccountToken"] is False
    rbac = [each for each in rendered.objects if each["apiVersion"].startswith("rbac.")]
    assert rbac == []


@every_workload
def test_a_pod_gets_no_variables_of_services(workload: Workload) -> None:
    assert workload.pod["enableServiceLinks"] is False


@every_workload
def test_memory_is_limited_to_what_is_requested(workload: Workload) -> None:
    resources = workload.container["resources"]
    assert resources["limits"]["memory"] == resources["requests"]["memory"]


@every_workload
def test_cpu_is_requested_and_not_limited(workload: Workload) -> None:
    resources = workload.container["resources"]
    assert resources["requests"]["cpu"]
    assert "cpu" not in resources["limits"]


@every_deployment
def test_each_probe_is_of_the_admin_port_and_states_its_four_numbers(workload: Workload) -> None:
    ports = {port["name"]: port["containerPort"] for port in workload.container["ports"]}
    for name in _PROBES:
        probe = workload.container[name]
        assert {"periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold"} <= set(probe)
        assert ports[probe["httpGet"]["port"]] == 9090


@every_deployment
def test_liveness_is_progress_and_readiness_is_its_own(workload: Workload) -> None:
    paths = [workload.container[name]["httpGet"]["path"] for name in _PROBES]
    assert paths == ["/healthz", "/readyz", "/healthz"]


@every_job
def test_a_job_has_no_probes(workload: Workload) -> None:
    assert set(_PROBES).isdisjoint(workload.container)


@every_job
def test_a_job_ends_is_deleted_and_gives_up_at_invalid_settings(workload: Workload) -> None:
    spec = workload.manifest["spec"]
    assert workload.pod["restartPolicy"] == "Never"
    assert 0 < spec["ttlSecondsAfterFinished"] <= 600
    assert 0 < spec["activeDeadlineSeconds"] <= 3600
    (failing,) = (rule for rule in spec["podFailurePolicy"]["rules"] if rule["action"] == "FailJob")
    assert failing["onExitCodes"] == {
        "containerName": workload.container["name"], "operator": "In", "values": [2],
    }  # fmt: skip


@every_job
def test_other_settings_make_another_job(workload: Workload) -> None:
    """A Job cannot be changed, so its name is that of its ConfigMap, with the hash."""
    assert workload.config_maps == [workload.name]
    assert re.fullmatch(rf"parley-{workload.component}-[a-z0-9]{{10}}", workload.name)


@every_job
def test_argo_and_flux_replace_a_job(workload: Workload) -> None:
    assert workload.manifest["metadata"]["annotations"] == {
        "argocd.argoproj.io/hook": "Sync",
        "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
        "kustomize.toolkit.fluxcd.io/force": "enabled",
    }


@every_workload
def test_no_init_container_or_hook_delays_a_pod(workload: Workload) -> None:
    assert "initContainers" not in workload.pod
    assert "postStart" not in workload.container.get("lifecycle", {})


@every_overlay
def test_all_run_the_same_image_and_none_is_latest(rendered: Rendered) -> None:
    (image,) = {workload.container["image"] for workload in rendered.workloads}
    assert "@sha256:" in image or image.rpartition(":")[2] not in ("", "latest", image)


def test_production_names_its_image_by_digest() -> None:
    (rendered,) = (each for each in ALL if each.name == "production")
    (image,) = {workload.container["image"] for workload in rendered.workloads}
    assert re.fullmatch(r"registry\.example/parley@sha256:[0-9a-f]{64}", image)


@every_overlay
def test_every_object_of_the_base_has_the_common_label(rendered: Rendered) -> None:
    kinds = {
        "ConfigMap",
        "Deployment",
        "Job",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    }
    ours = [
        each["metadata"]
        for each in rendered.objects
        if each["kind"] in kinds and each["metadata"]["name"].startswith("parley")
    ]
    labelled = {
        each["name"] for each in ours if each.get("labels", {}).get("app.kubernetes.io/name") == "parley"
    }
    others = {each["name"].partition("-dashboards")[0] for each in ours} - labelled
    assert others <= {"parley", "parley-database"}, "those of components"


@every_workload
def test_a_workload_is_labelled_as_its_pods(workload: Workload) -> None:
    assert workload.manifest["metadata"]["labels"] == workload.labels
    assert workload.labels["app.kubernetes.io/name"] == "parley"
