"""One order for all: in history, frames, sync and topic."""

from collections.abc import Iterable, Iterator
from itertools import chain

from tests.chaos.checker.final_state import TopicRecord
from tests.chaos.checker.history import Frame
from tests.chaos.checker.invariants import Evidence
from tests.chaos.checker.reference_model import Entry, key_of


def one_order_without_gaps(evidence: Evidence) -> Iterator[str]:
    """Per conversation seq 1 … n, and the same message at each wherever it is shown."""
    for (user, conversation), items in evidence.final.histories.items():
        seqs, count = [item["seq"] for item in items], len(evidence.model.messages(conversation))
        if seqs != list(range(1, count + 1)):
            yield f"{user} sees {conversation} as {_brief(seqs)}, not 1 … {count}"
    for _, where, frame in chain(evidence.in_histories(), evidence.in_syncs(), evidence.on_connections()):
        entries = evidence.model.by_key.get(key_of(frame), [])
        differences = [[n for n, value in entry.fields.items() if frame.get(n) != value] for entry in entries]
        if not entries:
            yield f"{where}: {key_of(frame)} is no entry of the log"
        elif all(differences):
            yield f"{where}: {key_of(frame)} differs from the log in {', '.join(differences[0])}"


def topic_is_complete_and_in_order(evidence: Evidence) -> Iterator[str]:
    """Every entry, in the order of the log by its first copy; duplicates are identical."""
    expected: dict[int, list[Entry]] = {}
    for entry in sorted(evidence.model.entries, key=lambda entry: entry.offset):
        expected.setdefault(entry.partition, []).append(entry)
    for partition in expected.keys() | evidence.final.topic.keys():
        entries, changed = _first_copies(evidence.final.topic.get(partition, []))
        for offset in changed:
            yield f"partition {partition}: the duplicate of {offset} differs"
        own = expected.get(partition, [])
        offsets = [entry.offset for entry in own]
        if list(entries) != offsets:
            yield f"partition {partition} has {_difference(list(entries), offsets)}"
        for entry in own:
            audience = entries[entry.offset]["data"]["audience"] if entry.offset in entries else None
            if audience is not None and set(audience) != entry.audience:
                yield f"{entry.key} is addressed to {sorted(audience)}"


def delivered_messages_are_in_history(evidence: Evidence) -> Iterator[str]:
    """A client that looks a message up as soon as its frame arrives finds it."""
    for refetch in evidence.history.refetches:
        if not refetch.found:
            yield f"{refetch.user} received {refetch.conversation} {refetch.seq}; history did not have it"


def _first_copies(records: Iterable[TopicRecord]) -> tuple[dict[int, Frame], list[int]]:
    """Log offset → the first copy of its entry, in the order of the topic; offsets with a different copy."""
    first: dict[int, Frame] = {}
    changed = []
    for record in records:
        offset = int(record.entry["id"].rpartition("-")[2])
        if first.setdefault(offset, record.entry) != record.entry:
            changed.append(offset)
    return first, changed


def _difference(actual: list[int], expected: list[int]) -> str:
    missing, extra = sorted(set(expected) - set(actual)), sorted(set(actual) - set(expected))
    if missing or extra:
        return f"{len(actual)} entries: without {_brief(missing)}, with {_brief(extra)} that the log lacks"
    return f"{len(actual)} entries in another order than the log: {_brief(actual)}"


def _brief(numbers: list[int]) -> str:
    return f"{numbers[:8]}{' …' if len(numbers) > 8 else ''}"
