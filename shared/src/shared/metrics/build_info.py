"""Which release this process runs."""

import platform
from importlib.metadata import version

from prometheus_client import Info

_build = Info("parley_build", "The release that this process runs.")


def expose_build(service: str, revision: str) -> None:
    """Expose `parley_build_info`. `revision`: the commit that it was built from, empty when not known."""
    _build.info(
        {
            "service": service,
            "version": version("parley"),
            "revision": revision,
            "python": platform.python_version(),
        }
    )
