"""The rights of the services at Kafka, and what the documentation says of them."""

import re
import subprocess
import sys
from pathlib import Path

from deploy.local.paths import ROOT
from shared.log.rights import commands, rights

_PAGE = ROOT / "docs" / "hardening.md"
_ROW = re.compile(r"^\| (\w*) ?\| (topic|group) `([\w.-]+)` \| ([\w, ]+) \|$", re.MULTILINE)


def _documented(page: Path) -> dict[str, set[tuple[str, str, str]]]:
    found: dict[str, set[tuple[str, str, str]]] = {}
    service = ""
    for principal, resource, name, operations in _ROW.findall(page.read_text()):
        service = principal or service
        found.setdefault(service, set()).update((resource, name, each) for each in operations.split(", "))
    return found


def test_the_documentation_lists_the_rights_of_every_service() -> None:
    assert _documented(_PAGE) == {service: set(own) for service, own in rights().items()}


def test_a_prefix_applies_to_topics_and_groups() -> None:
    for own in rights("acme.").values():
        assert all(right.name.startswith("acme.") for right in own)


def test_they_are_printed_as_commands() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "shared.log.rights", "--principal-prefix", "acme-"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert printed == commands("localhost:9092", "", "acme-")
    assert (
        "kafka-acls.sh --bootstrap-server localhost:9092 --add --allow-principal User:acme-gateway "
        "--topic chat.events --operation Write"
    ) in printed
