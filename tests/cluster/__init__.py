"""Parley on a real Kubernetes, on one machine, without a registry, a route out or a container engine.

binaries        what the cluster consists of, built once and kept in a cache outside the checkout
sandbox         runs a command in namespaces of its own, which take everything in them away when it ends
control_plane   etcd, API server, controller manager and scheduler; clients of the API
manifests       `deploy/kubernetes` as a whole, with patches, and the checks that it must pass
conftest        fixtures: the control plane, and nodes that run nothing
stage_b         tests: overlays against the control plane, with nodes that run nothing

`python -m tests.cluster` builds (`tools`) and tests (`test`).
"""
