"""The objects of an overlay, and its workloads."""

from dataclasses import dataclass
from functools import cache

from pydantic_settings import BaseSettings

from gateway.settings import Settings as GatewaySettings
from message_store.settings import MigrateSettings, ProjectSettings, ServeSettings
from notifier.live.settings import LiveSettings
from shared.log.topics import TopicSettings
from tools.manifests import OVERLAYS, Object, golden, objects

SETTINGS: dict[str, type[BaseSettings]] = {
    "gateway": GatewaySettings,
    "projector": ProjectSettings,
    "store": ServeSettings,
    "notifier": LiveSettings,
    "topics": TopicSettings,
    "migrate": MigrateSettings,
}
"""By component: what reads its environment."""


@dataclass(frozen=True)
class Workload:
    """A Deployment or Job of Parley's."""

    overlay: str
    manifest: Object

    def __str__(self) -> str:
        return f"{self.overlay}/{self.component}"

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def labels(self) -> dict[str, str]:
        """Of its pods."""
        return dict(self.manifest["spec"]["template"]["metadata"]["labels"])

    @property
    def component(self) -> str:
        return self.labels["app.kubernetes.io/component"]

    @property
    def pod(self) -> Object:
        return dict(self.manifest["spec"]["template"]["spec"])

    @property
    def container(self) -> Object:
        (container,) = self.pod["containers"]
        return dict(container)

    @property
    def environment(self) -> dict[str, Object]:
        """The variables of the container itself."""
        return {variable["name"]: variable for variable in self.container.get("env", [])}

    @property
    def config_maps(self) -> list[str]:
        return [source["configMapRef"]["name"] for source in self.container["envFrom"]]


@dataclass(frozen=True)
class Rendered:
    """What an overlay, or a component upon the base, consists of."""

    name: str
    objects: list[Object]

    def of(self, kind: str) -> dict[str, Object]:
        """Return its objects of this kind by name."""
        return {each["metadata"]["name"]: each for each in self.objects if each["kind"] == kind}

    @property
    def workloads(self) -> list[Workload]:
        return [Workload(self.name, each) for each in self.objects if each["kind"] in ("Deployment", "Job")]

    def workload(self, component: str) -> Workload:
        (found,) = (each for each in self.workloads if each.component == component)
        return found

    def settings(self, workload: Workload) -> dict[str, str]:
        """Return what the workload's ConfigMaps set."""
        config_maps = self.of("ConfigMap")
        return {
            name: value for each in workload.config_maps for name, value in config_maps[each]["data"].items()
        }


@cache
def overlay(name: str) -> Rendered:
    """Return an overlay as it was rendered."""
    return Rendered(name, objects(golden(name).read_text()))


ALL = [overlay(name) for name in OVERLAYS]
WORKLOADS = [workload for each in ALL for workload in each.workloads]
DEPLOYMENTS = [workload for workload in WORKLOADS if workload.kind == "Deployment"]
JOBS = [workload for workload in WORKLOADS if workload.kind == "Job"]


def selects(selector: Object, labels: dict[str, str]) -> bool:
    """Whether a label selector selects an object with these labels."""
    expressions = selector.get("matchExpressions", [])
    assert {each["operator"] for each in expressions} <= {"In"}
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        labels.get(each["key"]) in each["values"] for each in expressions
    )
