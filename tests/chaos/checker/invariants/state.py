"""What the read models hold."""

from collections.abc import Iterator

from tests.chaos.checker.invariants import Case


def unread_never_drifts(case: Case) -> Iterator[str]:
    """As listed = as counted from raw rows = as the log has it."""
    for user, own in case.holds.lists.items():
        for name, listed in own.items():
            read = case.truth.members(name).get(user)
            if read is None:
                continue
            due = len(case.truth.messages(name)) - read
            counted = case.holds.unread.get((user, name))
            if not listed["unreadCount"] == counted == due:
                yield f"{user} in {name}: listed {listed['unreadCount']}, in rows {counted}, by the log {due}"


def lists_are_whole(case: Case) -> Iterator[str]:
    """Every member's list has the conversation, with its last message."""
    for name, conversation in case.truth.conversations.items():
        for user in conversation.members.keys() & case.holds.lists.keys():
            listed = case.holds.lists[user].get(name)
            if listed is None:
                yield f"{user} is a member of {name}, which the list lacks"
            elif listed["lastSeq"] != len(conversation.messages):
                yield f"{user} has {name} up to {listed['lastSeq']}, not {len(conversation.messages)}"


def the_same_log_gives_the_same_state(case: Case) -> Iterator[str]:
    """Applied to an empty database it gives the same rows; every offset has one outcome, and the same."""
    for table in case.holds.rows.keys() | case.holds.replayed.keys():
        if case.holds.rows.get(table) != case.holds.replayed.get(table):
            yield f"the rows of {table} are others than a replay gives"
    for partition, offsets in case.holds.meanwhile.items():
        for offset in offsets:
            yield from _one_outcome((partition, offset), case)


def _one_outcome(place: tuple[int, int], case: Case) -> Iterator[str]:
    found, again = (each.get(place, []) for each in (case.holds.outcomes, case.holds.replayed_outcomes))
    if len(found) != 1:
        yield f"the journal has {len(found)} outcomes for {place[0]}-{place[1]}"
    elif found != again:
        yield f"{place[0]}-{place[1]} is {found}, but {again} when it is replayed"


def it_comes_to_rest(case: Case) -> Iterator[str]:
    yield from case.did.unsettled
    yield from case.holds.unsettled
