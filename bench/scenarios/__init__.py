"""The comparisons."""
