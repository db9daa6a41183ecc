"""Bugs, planted into real processes to prove that the check finds them.

    python -m tests.chaos.mutants publish_before_commit message_store project

runs the module as `python -m` would, with the bug in it. Several names are joined by commas.
"""

from collections.abc import Callable

from tests.chaos.mutants import gateway as door
from tests.chaos.mutants import notifier as telling
from tests.chaos.mutants import projection
from tests.chaos.mutants import publisher as publishing

MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant
    for mutant in (
        projection.offset_before_write,
        projection.dedupe_off,
        projection.seq_from_memory,
        projection.own_send_unread,
        projection.read_falls,
        projection.history_open_to_all,
        projection.list_forgets,
        projection.asks_the_clock,
        publishing.publish_before_commit,
        publishing.publisher_reorders,
        publishing.publisher_trusts,
        publishing.publisher_sleeps,
        telling.audience_ignored,
        telling.drops_some,
        door.register_after_catch_up,
        door.unsure_is_no,
        door.everybody_may_write,
        door.accepted_unconfirmed,
        door.cursor_ahead,
        door.text_changed,
        door.told_twice,
        door.links_break,
        door.gap_ignored,
    )
}


def argv(names: str, module: list[str]) -> list[str]:
    """The command of a process with these bugs; `module` is its usual one: interpreter, -m, module …"""
    python, minus_m, *rest = module
    return [python, minus_m, __name__, names, *rest]
