"""The state after an entry."""

from message_store.domain.events.registry import KIND_OF_ENTRY, Entry
from message_store.domain.state import State


def evolve(state: State, entry: Entry) -> State:
    """Return the state after `entry`, which `decide` made of this very state."""
    return KIND_OF_ENTRY[type(entry)].evolve(state, entry)
