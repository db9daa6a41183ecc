"""Servers that people would pick instead, on the same machine."""
