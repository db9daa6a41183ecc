"""Looks up known vulnerabilities of everything that the locks pin: `make audit`.

Python: pip-audit over requirements.lock. Web client: npm audit over package-lock.json. The exit code is 1 for
a vulnerability. Where advisories cannot be reached, a line says NOT AUDITED and the exit code is 0, so that
work goes on offline; with --require it is 1.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.paths import ROOT

PIP_AUDIT = "pip-audit==2.10.1"
_TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class Audit:
    """The outcome for one lock file."""

    lock: str
    audited: int = 0
    """Packages that were looked up."""
    vulnerabilities: Sequence[str] = ()
    unreachable: str | None = None
    """Why advisories are missing for some or all packages."""

    def report(self) -> str:
        lines = [f"{self.lock}: {self.audited} packages audited, {len(self.vulnerabilities)} vulnerabilities"]
        lines += [f"  {vulnerability}" for vulnerability in self.vulnerabilities]
        if self.unreachable is not None:
            lines.append(f"  NOT AUDITED: {self.unreachable}")
        return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--require", action="store_true", help="fail where advisories cannot be reached")
    require = parser.parse_args().require
    audits = [audit_python(), audit_npm()]
    print("\n".join(audit.report() for audit in audits))
    return exit_code(audits, require=require)


def exit_code(audits: Sequence[Audit], *, require: bool) -> int:
    if any(audit.vulnerabilities for audit in audits):
        return 1
    return int(require and any(audit.unreachable is not None for audit in audits))


def audit_python() -> Audit:
    uv = str(Path(sys.executable).with_name("uv"))
    tool = [uv, "tool", "run", "--quiet", "--from", PIP_AUDIT, "pip-audit"]
    arguments = ["--requirement", "requirements.lock", "--disable-pip", "--require-hashes", "--format=json"]
    return parse_pip_audit(*_run([*tool, *arguments, "--progress-spinner=off"], ROOT))


def audit_npm() -> Audit:
    return parse_npm_audit(*_run(["npm", "audit", "--json"], ROOT / "frontend"))


def parse_pip_audit(output: str, errors: str) -> Audit:
    """Parse pip-audit's JSON. A package that the service does not know has a `skip_reason`."""
    lock = "requirements.lock"
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        return Audit(lock, unreachable=_last_line(errors))
    skipped = [package for package in packages if "skip_reason" in package]
    found = [
        f"{package['name']} {package['version']}: {each['id']}, fixed in {each['fix_versions']}"
        for package in packages
        for each in package.get("vulns", [])
    ]
    reason = f"{len(skipped)} packages: {skipped[0]['skip_reason']}" if skipped else None
    return Audit(lock, len(packages) - len(skipped), found, reason)


def parse_npm_audit(output: str, errors: str) -> Audit:
    """Parse the JSON of `npm audit`, which is an error object where its endpoint does not answer."""
    lock = "frontend/package-lock.json"
    try:
        report = json.loads(output)
        packages = int(report["metadata"]["dependencies"]["total"])
        found: dict[str, dict[str, Any]] = report["vulnerabilities"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return Audit(lock, unreachable=_last_line(errors))
    return Audit(
        lock, packages, [f"{name}: {each['severity']} in {each['range']}" for name, each in found.items()]
    )


def _run(command: Sequence[str], folder: Path) -> tuple[str, str]:
    """Return what a command prints on stdout and stderr; it may fail."""
    env = {**os.environ, "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1")}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
    except FileNotFoundError:
        return "", f"{command[0]} is not installed"
    except subprocess.TimeoutExpired:
        return "", f"{command[0]} did not end within {_TIMEOUT_SECONDS} s"
    return done.stdout, done.stderr


def _last_line(errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip() and "complete log" not in line]
    return lines[-1] if lines else "the advisories cannot be reached"


if __name__ == "__main__":
    sys.exit(main())
