"""What was kept is told: numbers and words in a table, texts of several lines below it."""

from datetime import UTC, datetime

from bench.report.results import Kept
from bench.report.tables import lines


def test_words_are_cells_and_texts_stand_below() -> None:
    rows = [
        {"caller": "never here", "rows": 101, "median": 0.123456789, "probe": "Nested Loop\n  Index Scan"}
    ]
    kept = Kept(when=datetime(2026, 1, 1, tzinfo=UTC), machine="m", settings={}, rounds={"sync": rows})
    told = "\n".join(lines({"sync-plan": kept}))
    assert "| caller | rows | median | void |" in told
    assert "| never here | 101 | 0.12346 |  |" in told
    assert "probe, never here:\n\n```\nNested Loop\n  Index Scan\n```" in told
