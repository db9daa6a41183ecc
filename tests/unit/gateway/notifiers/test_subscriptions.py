"""What notifiers are told of the users here."""

from gateway.notifiers.subscriptions import Announcements, Interest, Said


def said(announcements: Announcements) -> list[Said]:
    return [Said(each.kind, each.batch, sorted(each.users)) for each in announcements.next()]


def test_a_new_link_hears_of_everybody_and_if_of_nobody_then_of_that() -> None:
    interest = Interest()
    assert said(interest.announcements()) == [Said("announce", 1, [])]
    interest.add("ana")
    interest.add("ben")
    assert said(interest.announcements()) == [Said("announce", 1, ["ana", "ben"])]


def test_only_the_first_and_the_last_socket_of_a_user_are_told() -> None:
    interest = Interest()
    link = interest.announcements()
    said(link)
    interest.add("ana")
    interest.add("ana")
    assert said(link) == [Said("announce", 2, ["ana"])]
    interest.remove("ana")
    assert said(link) == []
    interest.remove("ana")
    assert said(link) == [Said("withdraw", 3, ["ana"])]


def test_who_comes_and_goes_unheard_is_not_told() -> None:
    interest = Interest()
    link = interest.announcements()
    said(link)
    interest.add("ana")
    interest.remove("ana")
    assert said(link) == []


def test_who_leaves_and_returns_unheard_stays_in_force() -> None:
    interest = Interest()
    interest.add("ana")
    link = interest.announcements()
    said(link)
    link.acknowledge(1)
    interest.remove("ana")
    interest.add("ana")
    assert said(link) == []
    assert link.in_force("ana")


def test_a_user_is_in_force_once_their_batch_was_acknowledged() -> None:
    interest = Interest()
    link = interest.announcements()
    said(link)
    interest.add("ana")
    assert not link.in_force("ana")
    said(link)
    link.acknowledge(1)
    assert link.begun
    assert not link.in_force("ana")
    link.acknowledge(2)
    assert link.in_force("ana")


def test_a_crowd_is_told_in_parts_and_is_begun_with_the_last() -> None:
    interest = Interest()
    for number in range(1_200):
        interest.add(f"user-{number}")
    link = interest.announcements()
    assert [len(each.users) for each in said(link)] == [500, 500, 200]
    link.acknowledge(2)
    assert not link.begun
    link.acknowledge(3)
    assert link.begun


def test_a_forgotten_link_hears_nothing() -> None:
    interest = Interest()
    link = interest.announcements()
    said(link)
    interest.forget(link)
    interest.add("ana")
    assert said(link) == []
