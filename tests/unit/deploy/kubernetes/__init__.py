"""The manifests of deploy/kubernetes, one rule a test.

The rules hold for the objects as they were rendered (deploy/kubernetes/golden), so they need no kubectl.
`test_renders` compares those with what the sources give now.

rendered              the objects of an overlay, and its workloads
environment           the environment and files of a container, with made-up secrets
"""
