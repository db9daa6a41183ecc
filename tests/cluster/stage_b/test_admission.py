"""What is refused: pods without the restricted context, deletions of what holds messages."""

import functools

import pytest

from tests.cluster.control_plane.api import Api, ApiError, Object
from tests.cluster.manifests.checks import Cluster, check_refused
from tests.cluster.manifests.overlays import Overlay

pytestmark = pytest.mark.cluster

NAMESPACE = "parley-production"
TOPIC = "chat.events"


@pytest.fixture(scope="module")
async def api(cluster: Cluster, production: Overlay) -> Api:
    """Of a cluster with `production` in NAMESPACE."""
    assert production.namespace == NAMESPACE
    return cluster.plane.api


def _unlock(name: str) -> Object:
    return {"metadata": {"annotations": {"parley/unlock": name}}}


async def test_a_pod_without_the_restricted_context_is_refused(api: Api) -> None:
    spec = {"containers": [{"name": "any", "image": "any"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "unrestricted"}, "spec": spec}
    await check_refused(functools.partial(api.create, "pods", pod, NAMESPACE), "violates PodSecurity")


async def test_the_topic_of_all_messages_cannot_be_deleted(api: Api) -> None:
    delete = functools.partial(api.delete, "kafkatopics", TOPIC, NAMESPACE)
    await check_refused(delete, f"{TOPIC} holds messages of Parley")


async def test_the_number_of_partitions_cannot_be_changed(api: Api) -> None:
    change = functools.partial(api.patch, "kafkatopics", TOPIC, {"spec": {"partitions": 128}}, NAMESPACE)
    await check_refused(change, f"the number of partitions of {TOPIC} never changes")


async def test_messages_cannot_be_given_an_end(api: Api) -> None:
    body = {"spec": {"config": {"retention.ms": "86400000"}}}
    change = functools.partial(api.patch, "kafkatopics", TOPIC, body, NAMESPACE)
    await check_refused(change, f"{TOPIC} keeps its records without end")


async def test_the_protection_cannot_be_taken_away_unannounced(api: Api) -> None:
    body = {"metadata": {"labels": {"parley/protected": None}}}
    change = functools.partial(api.patch, "kafkatopics", TOPIC, body, NAMESPACE)
    await check_refused(change, "parley/protected is what keeps")


async def test_what_endangers_no_message_can_be_changed(api: Api) -> None:
    body = {"spec": {"config": {"segment.ms": "3600000"}}}
    await api.patch("kafkatopics", TOPIC, body, NAMESPACE)


async def test_the_namespace_cannot_be_deleted(api: Api) -> None:
    await check_refused(functools.partial(api.delete, "namespaces", NAMESPACE), "holds messages of Parley")


async def test_a_volume_of_messages_cannot_be_deleted(api: Api) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data-broker-0", "labels": {"parley/protected": "true"}},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    await api.create("persistentvolumeclaims", claim, NAMESPACE)
    delete = functools.partial(api.delete, "persistentvolumeclaims", "data-broker-0", NAMESPACE)
    await check_refused(delete, "holds messages of Parley")


async def test_a_topic_can_be_deleted_once_it_is_unlocked_by_its_name(api: Api) -> None:
    name = "chat.epoch"
    await api.patch("kafkatopics", name, _unlock("true"), NAMESPACE)
    delete = functools.partial(api.delete, "kafkatopics", name, NAMESPACE)
    await check_refused(delete, f"{name} holds messages")
    await api.patch("kafkatopics", name, _unlock(name), NAMESPACE)
    await delete()
    with pytest.raises(ApiError, match="not found"):
        await api.get("kafkatopics", name, NAMESPACE)
