from hypothesis import given
from hypothesis import strategies as st

from notifier.live.subscriptions import Interest


def test_an_audience_is_split_among_the_links_that_announced_it() -> None:
    interest = Interest[str]()
    interest.announce("one", ["alice", "bob"])
    interest.announce("two", ["bob", "carol"])
    assert interest.holders(["alice", "bob", "dave"]) == {"one": ["alice", "bob"], "two": ["bob"]}


def test_a_withdrawn_user_is_held_no_longer() -> None:
    interest = Interest[str]()
    interest.announce("one", ["alice", "bob"])
    interest.withdraw("one", ["alice", "never announced"])
    assert interest.holders(["alice", "bob"]) == {"one": ["bob"]}


def test_a_link_that_is_gone_holds_nobody() -> None:
    interest = Interest[str]()
    interest.announce("one", ["alice"])
    interest.announce("two", ["alice"])
    interest.drop("one")
    assert interest.holders(["alice"]) == {"two": ["alice"]}


USERS = st.lists(st.sampled_from("abcd"), unique=True)
STEPS = st.lists(st.tuples(st.sampled_from(["announce", "withdraw", "drop"]), st.sampled_from([1, 2]), USERS))


@given(steps=STEPS, audience=USERS)
def test_who_holds_whom_is_what_was_announced_and_not_withdrawn(
    steps: list[tuple[str, int, list[str]]], audience: list[str]
) -> None:
    interest, model = Interest[int](), {1: set[str](), 2: set[str]()}
    for step, link, users in steps:
        match step:
            case "announce":
                interest.announce(link, users)
                model[link] |= set(users)
            case "withdraw":
                interest.withdraw(link, users)
                model[link] -= set(users)
            case _:
                interest.drop(link)
                model[link] = set()
    expected = {link: [u for u in audience if u in held] for link, held in model.items()}
    assert interest.holders(audience) == {link: users for link, users in expected.items() if users}
