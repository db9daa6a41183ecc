"""Parley's container image, and what it is tried with: `python -m deploy.images`.

* `cli`: the commands
* `parley_image`: builds the image (`Dockerfile`) from a context, copies from it, exports it
* `build_context`: the folder that the image is built from: wheels, lock, uv, web client
* `source`: the commit that it is built from
* `runtime_lock`: the lock of what the services need (`requirements.lock`)
* `container_engine`: podman as a Docker engine for testcontainers and compose
* `local_images`: the base, Kafka, PostgreSQL and Prometheus, of Debian packages (`local_image_files/`)
* `debian`: images of Debian packages
* `podman`: runs podman
"""
