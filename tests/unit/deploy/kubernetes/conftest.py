import pytest

from tools.manifests import renderer

_MISSING = "kubectl is missing: `make cluster-tools` builds it"


@pytest.fixture(scope="session")
def kubectl() -> None:
    """Skip what renders where there is no kubectl."""
    if renderer() is None:
        pytest.skip(_MISSING)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [each for each in terminalreporter.getreports("skipped") if _MISSING in str(each.longrepr)]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} checks of renders of Kubernetes were skipped: {_MISSING}"
        )
