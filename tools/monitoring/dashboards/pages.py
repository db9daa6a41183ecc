"""All dashboards."""

from tools.monitoring.dashboards import gateway, kafka, notifier, overview, path, postgres, projector, store
from tools.monitoring.dashboards.panels import Page
from tools.monitoring.objectives import Objectives


def pages(objectives: Objectives) -> list[Page]:
    return [
        overview.page(objectives),
        path.page(),
        gateway.page(),
        projector.page(),
        notifier.page(),
        store.page(),
        kafka.page(),
        postgres.page(),
    ]
