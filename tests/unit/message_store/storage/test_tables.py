"""The registry of tables, against the rows that it writes."""

from typing import Any

import pytest

from message_store.domain.rows import ConversationRow, JournalRow, MemberRow, MessageRow
from message_store.read_models.write_set import WriteSet
from message_store.storage.tables import CONVERSATIONS, JOURNAL, MEMBERS, MESSAGES, Table

ROWS = [(CONVERSATIONS, ConversationRow), (MEMBERS, MemberRow), (MESSAGES, MessageRow), (JOURNAL, JournalRow)]


@pytest.mark.parametrize(("table", "row"), ROWS, ids=[table.name for table, _ in ROWS])
def test_a_table_has_the_columns_of_its_row(table: Table, row: Any) -> None:
    names = [name.strip('"') for name in table.column_names.split(", ")]
    assert names == list(row._fields)
    assert {*table.key.replace('"', "").split(", "), *table.changing} <= set(names)
    assert hasattr(WriteSet(), table.name)
