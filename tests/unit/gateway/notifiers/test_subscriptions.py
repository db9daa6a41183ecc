"""What notifiers are told of the users here."""

from gateway.notifiers.subscriptions import LinkSubscriptions, SubscriptionBatch, UserSubscriptions


def next_batches(link: LinkSubscriptions) -> list[SubscriptionBatch]:
    return [SubscriptionBatch(batch.kind, batch.batch, sorted(batch.users)) for batch in link.next_batches()]


def test_a_new_link_hears_of_everybody_and_if_of_nobody_then_of_that() -> None:
    subscriptions = UserSubscriptions()
    assert next_batches(subscriptions.open_link()) == [SubscriptionBatch("announce", 1, [])]
    subscriptions.add("ana")
    subscriptions.add("ben")
    assert next_batches(subscriptions.open_link()) == [SubscriptionBatch("announce", 1, ["ana", "ben"])]


def test_only_the_first_and_the_last_socket_of_a_user_are_told() -> None:
    subscriptions = UserSubscriptions()
    link = subscriptions.open_link()
    next_batches(link)
    subscriptions.add("ana")
    subscriptions.add("ana")
    assert next_batches(link) == [SubscriptionBatch("announce", 2, ["ana"])]
    subscriptions.remove("ana")
    assert next_batches(link) == []
    subscriptions.remove("ana")
    assert next_batches(link) == [SubscriptionBatch("withdraw", 3, ["ana"])]


def test_who_comes_and_goes_unheard_is_not_told() -> None:
    subscriptions = UserSubscriptions()
    link = subscriptions.open_link()
    next_batches(link)
    subscriptions.add("ana")
    subscriptions.remove("ana")
    assert next_batches(link) == []


def test_who_leaves_and_returns_unheard_stays_in_force() -> None:
    subscriptions = UserSubscriptions()
    subscriptions.add("ana")
    link = subscriptions.open_link()
    next_batches(link)
    link.acknowledge(1)
    subscriptions.remove("ana")
    subscriptions.add("ana")
    assert next_batches(link) == []
    assert link.is_active("ana")


def test_a_user_is_in_force_once_their_batch_was_acknowledged() -> None:
    subscriptions = UserSubscriptions()
    link = subscriptions.open_link()
    next_batches(link)
    subscriptions.add("ana")
    assert not link.is_active("ana")
    next_batches(link)
    link.acknowledge(1)
    assert link.is_ready
    assert not link.is_active("ana")
    link.acknowledge(2)
    assert link.is_active("ana")


def test_a_crowd_is_told_in_parts_and_is_begun_with_the_last() -> None:
    subscriptions = UserSubscriptions()
    for number in range(1_200):
        subscriptions.add(f"user-{number}")
    link = subscriptions.open_link()
    assert [len(batch.users) for batch in next_batches(link)] == [500, 500, 200]
    link.acknowledge(2)
    assert not link.is_ready
    link.acknowledge(3)
    assert link.is_ready


def test_a_forgotten_link_hears_nothing() -> None:
    subscriptions = UserSubscriptions()
    link = subscriptions.open_link()
    next_batches(link)
    subscriptions.close_link(link)
    subscriptions.add("ana")
    assert next_batches(link) == []
