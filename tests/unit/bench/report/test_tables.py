"""Numbers and words are cells of a table, texts of several lines stand below it."""

from datetime import UTC, datetime

from bench.report.results import Comparison
from bench.report.tables import readme


def test_words_are_cells_and_texts_stand_below() -> None:
    rows = [
        {"caller": "never here", "rows": 101, "median": 0.123456789, "probe": "Nested Loop\n  Index Scan"}
    ]
    comparison = Comparison(
        when=datetime(2026, 1, 1, tzinfo=UTC), machine="m", settings={}, rounds={"sync": rows}
    )
    text = "\n".join(readme({"sync-plan": comparison}))
    assert "| caller | rows | median | void |" in text
    assert "| never here | 101 | 0.12346 |  |" in text
    assert "probe, never here:\n\n```\nNested Loop\n  Index Scan\n```" in text
