"""Measure how fast Parley is and what it costs, beside other servers on the same machine.

Each scenario starts a stack of its own on free ports, or several, and removes their data afterwards.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from bench.report import results, tables
from bench.scenarios.catch_up import CatchUp
from bench.scenarios.compare import Compare
from bench.scenarios.fairness import Fairness
from bench.scenarios.fanout import Fanout
from bench.scenarios.pages import Pages
from bench.scenarios.query_plan import QueryPlan
from bench.scenarios.rates import Knee, Rates
from bench.scenarios.reconnect_storm import ReconnectStorm
from bench.scenarios.restart import Restart
from bench.scenarios.scenario import Recorder, Scenario, add_options
from bench.scenarios.warm_vs_cold import WarmVsCold
from bench.systems.peers import install
from deploy.local.errors import UserError
from deploy.local.paths import ROOT

SCENARIOS: dict[str, type[Scenario]] = {
    "rates": Rates,
    "knee": Knee,
    "pages": Pages,
    "fanout": Fanout,
    "catch-up": CatchUp,
    "restart": Restart,
    "reconnect-storm": ReconnectStorm,
    "query-plan": QueryPlan,
    "warm-vs-cold": WarmVsCold,
    "fairness": Fairness,
    "compare": Compare,
}
_PLOT_PACKAGES = ("matplotlib==3.10.7",)
"""In an environment of its own: nothing else here needs it."""


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 unless something failed to start or a promise was broken."""
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    try:
        return _report() if command == "report" else _run(SCENARIOS[command](**options))
    except UserError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(scenario: Scenario) -> int:
    recorder = Recorder()
    try:
        scenario.run(recorder)
    finally:  # interrupted, it keeps what it has
        if recorder.rounds:
            comparison = recorder.comparison()
            print(*tables.rounds(comparison), sep="\n")
            if scenario.name:
                results.keep(scenario.name, comparison)
    for failure in recorder.failures:
        print(f"bench: {failure}", file=sys.stderr)
    return 1 if recorder.failures else 0


def _report() -> int:
    (results.FOLDER / "README.md").write_text("\n".join(tables.readme(results.load())) + "\n")
    python = install.environment("plots", *_PLOT_PACKAGES) / "bin" / "python"
    command = [str(python), "bench/report/plots.py", str(results.FOLDER)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="SCENARIO")
    for name, scenario in SCENARIOS.items():
        text = scenario.__doc__ or ""
        subparser = commands.add_parser(name, help=text.splitlines()[0], description=text)
        add_options(subparser, scenario)
    commands.add_parser("report", help="Make the tables and plots of all that was kept in bench/results/.")
    return parser
