"""Tries the container image, with podman: `make images-test`."""
