"""What `make audit` prints, and when it fails: never silently without having audited."""

import json

from tools.audit import Audit, exit_code, parse_npm_audit, parse_pip_audit

CLEAN = {"name": "orjson", "version": "3.13.0", "vulns": []}
VULNERABLE = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
SKIPPED = {"name": "private", "skip_reason": "Dependency not found on PyPI"}


def python(*packages: object) -> Audit:
    return parse_pip_audit(json.dumps({"dependencies": packages}), "")


def test_packages_without_vulnerabilities_pass() -> None:
    audit = python(CLEAN, CLEAN)
    assert audit.report() == "requirements.lock: 2 packages audited, 0 vulnerabilities"
    assert exit_code([audit], require=True) == 0


def test_a_vulnerability_fails_and_is_named() -> None:
    audit = python(CLEAN, VULNERABLE)
    assert "old 1.0: PYSEC-1" in audit.report()
    assert exit_code([audit], require=False) == 1


def test_packages_that_were_not_looked_up_are_reported() -> None:
    audit = python(CLEAN, SKIPPED)
    assert "NOT AUDITED: 1 packages: Dependency not found on PyPI" in audit.report()
    assert (exit_code([audit], require=False), exit_code([audit], require=True)) == (0, 1)


def test_without_advisories_the_reason_is_reported() -> None:
    for audit in (
        parse_pip_audit("", "\nConnection refused\n"),
        parse_npm_audit('{"error":{}}', "x\nConnection refused\nnpm error A complete log of this run …"),
    ):
        assert audit.report().endswith("NOT AUDITED: Connection refused")
        assert (exit_code([audit], require=False), exit_code([audit], require=True)) == (0, 1)


def test_the_report_of_npm_is_read() -> None:
    report = {
        "vulnerabilities": {"left": {"severity": "high", "range": "<2"}},
        "metadata": {"dependencies": {"total": 80}},
    }
    audit = parse_npm_audit(json.dumps(report), "")
    assert (audit.audited, audit.vulnerabilities, audit.unreachable) == (80, ["left: high in <2"], None)
