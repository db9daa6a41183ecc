"""TLS to PostgreSQL by settings."""

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from message_store.settings import DatabaseSettings, MigrateSettings, ServeSettings
from tests.fixtures.certificates import Authority
from tests.fixtures.service_token import SERVICE_TOKEN

URL = "postgresql://ann:p%40ss@db.example:5433/chat"


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    return Authority(tmp_path / "a folder & more").certificate


def _verified(url: str, ca_file: Path) -> None:
    given = conninfo_to_dict(url)
    assert (given["sslmode"], given["sslrootcert"]) == ("verify-full", str(ca_file))
    assert (given["host"], given["port"], given["dbname"]) == ("db.example", "5433", "chat")
    assert (given["user"], given["password"]) == ("ann", "p@ss")


@pytest.mark.parametrize("options", ["", "?application_name=store&connect_timeout=3"])
def test_every_url_is_verified_with_the_authority(ca_file: Path, options: str) -> None:
    url = URL + options
    given = {"database_url": url, "database_ca_file": ca_file}
    _verified(DatabaseSettings.model_validate(given).dsn, ca_file)
    roles = {f"{role}_database_url": url for role in ("projector", "reader", "tickets")}
    migrating = MigrateSettings.model_validate({**given, **roles})
    for role_url in migrating.role_urls.values():
        _verified(role_url, ca_file)
    serving = {**given, "tickets_database_url": url, "service_token": SERVICE_TOKEN}
    _verified(ServeSettings.model_validate(serving).tickets_dsn, ca_file)


def test_without_it_the_url_is_used_as_it_is() -> None:
    url = f"{URL}?sslmode=require"
    assert DatabaseSettings.model_validate({"database_url": url, "database_ca_file": ""}).dsn == url


@pytest.mark.parametrize("option", ["sslmode=disable", "sslmode=verify-full", "sslrootcert=/ca.pem"])
@pytest.mark.parametrize("setting", ["database_url", "reader_database_url"])
def test_a_url_that_has_tls_options_of_its_own_is_refused(ca_file: Path, option: str, setting: str) -> None:
    given = {"database_url": URL, "database_ca_file": ca_file, setting: f"{URL}?{option}"}
    with pytest.raises(
        ValidationError, match=rf"{setting.upper()} has {option.partition('=')[0]}: remove it"
    ):
        MigrateSettings.model_validate(given)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_without_certificates_is_refused_by_its_name(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValidationError, match=r"DATABASE_CA_FILE: .*ca\.pem cannot be used"):
        DatabaseSettings.model_validate({"database_url": URL, "database_ca_file": path})
