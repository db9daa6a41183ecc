"""docs/security.md: each requirement has a test that exists, or an argument."""

import re

import pytest

from deploy.local.paths import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
YARDSTICKS = PAGE.partition("## How the table is read")[2].partition("## How it is searched for")[0]
ROWS = [line for line in YARDSTICKS.splitlines() if line.startswith("| ") and "---" not in line]
REQUIREMENTS = [row for row in ROWS if not row.startswith("| requirement |")]
REFERENCE = re.compile(r"`([\w./-]+\.(?:py|tsx?))::([^`]+)`")


def test_the_three_yardsticks_are_there() -> None:
    assert [line for line in YARDSTICKS.splitlines() if line.startswith("### ")] == [
        "### OWASP API Security Top 10 (2023)",
        "### ASVS 5.0: what applies to an API without cookies, sessions and files of users",
        "### OWASP WebSocket Security Cheat Sheet",
    ]
    assert len(REQUIREMENTS) > 60


@pytest.mark.parametrize("row", REQUIREMENTS, ids=lambda row: row.split("|")[1].strip())
def test_each_requirement_is_held_by_tests_that_exist_or_argued(row: str) -> None:
    references = REFERENCE.findall(row)
    assert references or "argued:" in row
    missing = [(path, name) for path, name in references if not _exists(path, name)]
    assert missing == []


def _exists(path: str, name: str) -> bool:
    file = ROOT / "frontend" / path if path.startswith("src/") else ROOT / "tests" / path
    return file.exists() and name in file.read_text()
