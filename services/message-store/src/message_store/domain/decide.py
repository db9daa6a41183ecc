"""What an event does to the state that it refers to. Reads one aggregate, never another."""

from message_store.domain.events.registry import KIND_OF_EVENT, Entry
from message_store.domain.outcomes import NoEntry
from message_store.domain.state import State
from shared.contract.events import AggregateEvent

Outcome = Entry | NoEntry


def decide(state: State, event: AggregateEvent, offset: int) -> Outcome:
    """Return what becomes of the event at `offset` of the log. A message that `state` does not hold counts as
    new."""
    outcome: Outcome = KIND_OF_EVENT[type(event)].decide(state, event, offset)
    return outcome
