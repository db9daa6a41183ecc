"""Which subscriptions a link sends, and when a user is active."""

from gateway.notifiers.subscriptions import LinkSubscriptions, UserSubscriptions
from shared.internal.link_protocol import Subscribe, Unsubscribe


def batches(link: LinkSubscriptions) -> list[Subscribe | Unsubscribe]:
    """Those to send now, their users sorted."""
    return [type(batch)(batch.batch, sorted(batch.users)) for batch in link.take_batches()]


def test_a_new_link_subscribes_every_user_and_sends_a_batch_even_without_any() -> None:
    subscriptions = UserSubscriptions()
    assert batches(subscriptions.open_link()) == [Subscribe(1, [])]
    subscriptions.add("ana")
    subscriptions.add("ben")
    assert batches(subscriptions.open_link()) == [Subscribe(1, ["ana", "ben"])]


def test_only_the_first_and_the_last_connection_of_a_user_change_subscriptions() -> None:
    subscriptions = UserSubscriptions()
    link = subscriptions.open_link()
    batches(link)
    subscriptions.add("ana")
    subscriptions.add("ana")
    assert batches(link) == [Subscribe(2, ["ana"])]
    subscriptions.remove("ana")
    assert batches(link) == []
    subscriptions.remove("ana")
    assert batches(link) == [Unsubscribe(3, ["ana"])]


def test_a_user_who_comes_and_goes_between_two_batches_is_in_none() -> None:
    subscriptions = UserSubscriptions()
    link = subscriptions.open_link()
    batches(link)
    subscriptions.add("ana")
    subscriptions.remove("ana")
    assert batches(link) == []


def test_a_user_who_leaves_and_returns_between_two_batches_stays_active() -> None:
    subscriptions = UserSubscriptions()
    subscriptions.add("ana")
    link = subscriptions.open_link()
    batches(link)
    link.acknowledge(1)
    subscriptions.remove("ana")
    subscriptions.add("ana")
    assert batches(link) == []
    assert link.is_active("ana")


def test_a_user_is_active_once_their_batch_is_acknowledged() -> None:
    subscriptions = UserSubscriptions()
    link = subscriptions.open_link()
    batches(link)
    subscriptions.add("ana")
    assert not link.is_active("ana")
    batches(link)
    link.acknowledge(1)
    assert link.is_ready
    assert not link.is_active("ana")
    link.acknowledge(2)
    assert link.is_active("ana")


def test_many_users_are_subscribed_in_several_batches_and_ready_with_the_last() -> None:
    subscriptions = UserSubscriptions()
    for number in range(1_200):
        subscriptions.add(f"user-{number}")
    link = subscriptions.open_link()
    assert [len(batch.users) for batch in batches(link)] == [500, 500, 200]
    link.acknowledge(2)
    assert not link.is_ready
    link.acknowledge(3)
    assert link.is_ready


def test_a_closed_link_gets_no_more_subscriptions() -> None:
    subscriptions = UserSubscriptions()
    link = subscriptions.open_link()
    batches(link)
    subscriptions.close_link(link)
    subscriptions.add("ana")
    assert batches(link) == []
