"""One order for all: in history, frames, sync and topic."""

from collections.abc import Iterable, Iterator

from tests.chaos.checker.final_state import TopicRecord
from tests.chaos.checker.history import Frame
from tests.chaos.checker.invariants import Case
from tests.chaos.checker.reference_model import ModelEntry, key_of


def one_order_without_gaps(case: Case) -> Iterator[str]:
    """Per conversation seq 1 … n, and the same message at each wherever it is shown."""
    for (user, conversation), items in case.holds.histories.items():
        seqs, count = [item["seq"] for item in items], len(case.truth.messages(conversation))
        if seqs != list(range(1, count + 1)):
            yield f"{user} sees {conversation} as {_brief(seqs)}, not 1 … {count}"
        yield from _unlike(f"history of {user}", ({"type": "message"} | item for item in items), case)
    for user, entries in case.holds.syncs.items():
        yield from _unlike(f"sync of {user}", entries, case)
    for connection in case.did.connections:
        shown = (frame for frame in connection.frames if "conversationId" in frame)
        yield from _unlike(f"socket of {connection.device}", shown, case)


def the_topic_is_whole_and_in_order(case: Case) -> Iterator[str]:
    """Every entry, at its first telling in the order of the log; what is repeated is repeated unchanged."""
    expected: dict[int, list[ModelEntry]] = {}
    for each in sorted(case.truth.entries, key=lambda each: each.offset):
        expected.setdefault(each.partition, []).append(each)
    for partition in expected.keys() | case.holds.topic.keys():
        first, changed = _first_tellings(case.holds.topic.get(partition, []))
        yield from (
            f"partition {partition}: {identity} is repeated with another content" for identity in changed
        )
        told = [int(identity.rpartition("-")[2]) for identity in first]
        due = [each.offset for each in expected.get(partition, [])]
        if told != due:
            yield f"partition {partition} tells of {_difference(told, due)}"
        yield from _misaddressed(first, expected.get(partition, []))


def what_is_told_is_kept(case: Case) -> Iterator[str]:
    """Who refetches the moment a frame arrives finds it."""
    for refetch in case.did.refetches:
        if not refetch.found:
            yield f"{refetch.user} was told of {refetch.conversation} {refetch.seq}; history did not have it"


def _unlike(where: str, shown: Iterable[Frame], case: Case) -> Iterator[str]:
    for frame in shown:
        happened = case.truth.known.get(key_of(frame), [])
        wrong = [[n for n, value in each.facts.items() if frame.get(n) != value] for each in happened]
        if not happened:
            yield f"{where}: {key_of(frame)} is no entry of the log"
        elif all(wrong):
            yield f"{where}: {key_of(frame)} has another {', '.join(wrong[0])} than the log gives it"


def _first_tellings(records: Iterable[TopicRecord]) -> tuple[dict[str, Frame], list[str]]:
    first: dict[str, Frame] = {}
    changed = []
    for record in records:
        known = first.setdefault(record.entry["id"], record.entry)
        if known != record.entry:
            changed.append(record.entry["id"])
    return first, changed


def _misaddressed(first: dict[str, Frame], expected: Iterable[ModelEntry]) -> Iterator[str]:
    told = {int(identity.rpartition("-")[2]): entry for identity, entry in first.items()}
    for each in expected:
        if each.offset in told and set(told[each.offset]["data"]["audience"]) != each.audience:
            yield f"{each.key} is told to {sorted(told[each.offset]['data']['audience'])}"


def _difference(told: list[int], due: list[int]) -> str:
    missing, more = sorted(set(due) - set(told)), sorted(set(told) - set(due))
    if missing or more:
        return (
            f"{len(told)} entries: without {_brief(missing)}, with {_brief(more)} that the log does not have"
        )
    return f"{len(told)} entries in another order than the log: {_brief(told)}"


def _brief(numbers: list[int]) -> str:
    return f"{numbers[:8]}{' …' if len(numbers) > 8 else ''}"
