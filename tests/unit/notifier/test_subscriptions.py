from hypothesis import given
from hypothesis import strategies as st

from notifier.live.subscriptions import Subscriptions


def test_an_audience_is_split_among_the_links_that_subscribed_it() -> None:
    subscriptions = Subscriptions[str]()
    subscriptions.subscribe("one", ["alice", "bob"])
    subscriptions.subscribe("two", ["bob", "carol"])
    assert subscriptions.links_for(["alice", "bob", "dave"]) == {"one": ["alice", "bob"], "two": ["bob"]}


def test_an_unsubscribed_user_has_no_link() -> None:
    subscriptions = Subscriptions[str]()
    subscriptions.subscribe("one", ["alice", "bob"])
    subscriptions.unsubscribe("one", ["alice", "never subscribed"])
    assert subscriptions.links_for(["alice", "bob"]) == {"one": ["bob"]}


def test_a_removed_link_has_no_users() -> None:
    subscriptions = Subscriptions[str]()
    subscriptions.subscribe("one", ["alice"])
    subscriptions.subscribe("two", ["alice"])
    subscriptions.remove_link("one")
    assert subscriptions.links_for(["alice"]) == {"two": ["alice"]}


USERS = st.lists(st.sampled_from("abcd"), unique=True)
STEPS = st.lists(
    st.tuples(st.sampled_from(["subscribe", "unsubscribe", "remove_link"]), st.sampled_from([1, 2]), USERS)
)


@given(steps=STEPS, audience=USERS)
def test_the_links_of_an_audience_are_those_subscribed_and_not_unsubscribed(
    steps: list[tuple[str, int, list[str]]], audience: list[str]
) -> None:
    subscriptions, model = Subscriptions[int](), {1: set[str](), 2: set[str]()}
    for step, link, users in steps:
        match step:
            case "subscribe":
                subscriptions.subscribe(link, users)
                model[link] |= set(users)
            case "unsubscribe":
                subscriptions.unsubscribe(link, users)
                model[link] -= set(users)
            case _:
                subscriptions.remove_link(link)
                model[link] = set()
    expected = {link: [u for u in audience if u in users_of_link] for link, users_of_link in model.items()}
    assert subscriptions.links_for(audience) == {link: users for link, users in expected.items() if users}
