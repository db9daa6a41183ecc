"""What the read models hold."""

from collections.abc import Iterator

from tests.chaos.checker.invariants import Evidence


def unread_counts_are_exact(evidence: Evidence) -> Iterator[str]:
    """As listed = as counted from raw rows = by the log."""
    for user, own in evidence.final.lists.items():
        for conversation, listed in own.items():
            read = evidence.model.members(conversation).get(user)
            if read is None:
                continue
            expected = len(evidence.model.messages(conversation)) - read
            counted = evidence.final.unread.get((user, conversation))
            if not listed["unreadCount"] == counted == expected:
                counts = f"listed {listed['unreadCount']}, in rows {counted}, by the log {expected}"
                yield f"{user} in {conversation}: {counts}"


def lists_are_complete(evidence: Evidence) -> Iterator[str]:
    """Every member's list has the conversation, with its last message."""
    lists = evidence.final.lists
    for conversation, state in evidence.model.conversations.items():
        for user in state.members.keys() & lists.keys():
            listed = lists[user].get(conversation)
            if listed is None:
                yield f"{user} is a member of {conversation}, which the list lacks"
            elif listed["lastSeq"] != len(state.messages):
                yield f"{user} has {conversation} up to {listed['lastSeq']}, not {len(state.messages)}"


def replay_gives_the_same_state(evidence: Evidence) -> Iterator[str]:
    """The log applied to an empty database gives the same rows, and one outcome per offset."""
    projection, replayed = evidence.final.projection, evidence.final.replayed
    for table in projection.row_hashes.keys() | replayed.row_hashes.keys():
        if projection.row_hashes.get(table) != replayed.row_hashes.get(table):
            yield f"the rows of {table} differ from a replay"
    for partition, offsets in evidence.final.offsets.items():
        for offset in offsets:
            outcomes = projection.outcomes.get((partition, offset), [])
            expected = replayed.outcomes.get((partition, offset), [])
            if len(outcomes) != 1:
                yield f"the journal has {len(outcomes)} outcomes for {partition}-{offset}"
            elif outcomes != expected:
                yield f"{partition}-{offset} is {outcomes}, but {expected} in a replay"


def system_settles(evidence: Evidence) -> Iterator[str]:
    yield from evidence.history.unsettled
    yield from evidence.final.unsettled
