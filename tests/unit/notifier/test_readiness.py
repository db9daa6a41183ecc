"""When a notifier is ready: about itself alone."""

import pytest
from pydantic import SecretStr

from notifier.live.service import LiveNotifier
from notifier.live.settings import LiveSettings
from tests.fixtures.service_token import SERVICE_TOKEN


@pytest.fixture
def notifier() -> LiveNotifier:
    return LiveNotifier(LiveSettings(kafka_bootstrap="127.0.0.1:1", service_token=SecretStr(SERVICE_TOKEN)))


def test_it_is_ready_once_it_has_seen_the_topic_whatever_its_assignment(notifier: LiveNotifier) -> None:
    assert list(notifier.unready_reasons()) == ["the topic has not been seen yet"]
    notifier.dispatcher.set_partition_count(12)
    assert list(notifier.unready_reasons()) == []


async def test_it_is_not_ready_while_it_drains(notifier: LiveNotifier) -> None:
    notifier.dispatcher.set_partition_count(12)
    await notifier.stop()
    assert list(notifier.unready_reasons()) == ["draining"]
