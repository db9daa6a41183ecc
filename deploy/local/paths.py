"""Folders of the checkout."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""
CACHE = ROOT / ".data" / "cache"
"""Downloads that any number of stacks share."""
