"""When a notifier is ready: about itself alone."""

import pytest
from pydantic import SecretStr

from notifier.live.service import Notifier
from notifier.live.settings import LiveSettings
from tests.service_token import SERVICE_TOKEN


@pytest.fixture
def notifier() -> Notifier:
    return Notifier(LiveSettings(kafka_bootstrap="127.0.0.1:1", service_token=SecretStr(SERVICE_TOKEN)))


def test_it_is_ready_once_it_has_seen_the_topic_whatever_the_group_does(notifier: Notifier) -> None:
    assert list(notifier.not_ready()) == ["the topic has not been seen yet"]
    notifier.switchboard.open(12)
    assert list(notifier.not_ready()) == []


async def test_it_is_not_ready_while_it_drains(notifier: Notifier) -> None:
    notifier.switchboard.open(12)
    await notifier.stop()
    assert list(notifier.not_ready()) == ["draining"]
