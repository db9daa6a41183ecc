"""A key composed of parts identifies exactly those parts, whatever characters they have."""

from itertools import pairwise
from urllib.parse import parse_qsl

from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from shared.contract import ids
from shared.log.topics import Topics

JOINTS = list("/:|.,;&=+%# -_\"\\[]{}'é\u200b😀1ak")
names = st.text(st.sampled_from(JOINTS), min_size=1, max_size=8)
TALK = ids.direct_conversation_id("ann", "bob")


@settings(deadline=None)
@example(("k", "x/1"), ("k/x", "1"))
@example(('a","b', "c"), ("a", 'b","c'))
@given(st.tuples(names, names), st.tuples(names, names))
def test_two_messages_and_two_groups_have_the_same_id_only_if_all_parts_are_the_same(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert (ids.message_id(TALK, *one) == ids.message_id(TALK, *other)) is (one == other)
    assert (ids.group_conversation_id(*one) == ids.group_conversation_id(*other)) is (one == other)
    same = sorted(one) == sorted(other)
    assert (ids.direct_conversation_id(*one) == ids.direct_conversation_id(*other)) is same


@settings(deadline=None)
@given(names, names)
def test_store_requests_of_the_gateway_are_parsed_unchanged(user: str, cursor: str) -> None:
    """By the query string that its client makes of it."""
    query = {"user": user, "cursor": cursor}
    text = URL("http://store/sync").extend_query(query).raw_query_string
    assert dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True)) == query


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("ab.-chat"), max_size=6), unique=True))
def test_deployments_with_different_prefixes_share_no_topic(prefixes: list[str]) -> None:
    taken = [set(Topics.with_prefix(prefix)) for prefix in prefixes]
    assert all(not one & other for one, other in pairwise(taken))
