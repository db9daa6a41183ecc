"""Overlays against a real control plane, with nodes that run nothing.

conftest          the overlay `production`, applied
test_isolation    what the cluster can reach
test_overlays     what every overlay must pass, and how the pods of `production` are placed and evicted
test_admission    what is refused: pods without the restricted context, deletions of what holds messages
test_mutants      overlays with one mistake each, which a check must find
"""
