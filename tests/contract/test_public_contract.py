"""The contract's files are generated from the models, are valid, and decode every golden record."""

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from openapi_spec_validator import validate as validate_openapi
from pydantic import BaseModel

from shared.contract import codec, entries, events
from tools.contract import history, vectors
from tools.contract.samples import sample_bytes
from tools.contract.schemas import ENTRIES, type_of

HERE = Path(__file__).parent
CONTRACT = Path("docs/contract")
GOLDEN_EVENTS = sorted((HERE / "golden/events").iterdir())
GOLDEN_ENTRIES = sorted((HERE / "golden/entries").iterdir())
APIS = ["chat.messages.asyncapi.json", "websocket.asyncapi.json"]


def loaded(path: Path) -> Any:
    return json.loads(path.read_bytes())


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tools.contract", *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_the_files_match_the_models() -> None:
    checked = command("--check")
    assert checked.returncode == 0, checked.stderr


def test_stale_files_are_named_with_their_difference(tmp_path: Path) -> None:
    folder = shutil.copytree(CONTRACT, tmp_path / "contract")
    schema = folder / "schemas/entries/chat.read.moved.v1.json"
    schema.write_text(schema.read_text().replace("A user has read", "Nobody has read"))
    (folder / "schemas/frames/to-client/gone.json").write_text("{}")
    checked = command("--check", "--folder", str(folder))
    assert checked.returncode == 1
    assert '-  "description": "Nobody has read up to a message.",' in checked.stderr
    assert "gone.json: belongs to nothing any more" in checked.stderr


def test_a_change_that_could_break_a_reader_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(CONTRACT, tmp_path / "contract")
    (first,) = (folder / "history").glob("0001.json")
    shape = loaded(first)
    shape["chat.message.sent.v1"]["properties"]["data"]["properties"]["mood"] = {"type": "string"}
    first.write_text(json.dumps(shape))
    checked = command("--folder", str(folder))
    assert checked.returncode == 1
    assert "history/0001.json: chat.message.sent.v1.data.mood: is gone" in checked.stderr


def test_an_id_that_comes_out_differently_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(CONTRACT, tmp_path / "contract")
    golden = folder / "ids.json"
    golden.write_text(golden.read_text().replace(vectors.vectors()["vectors"][0]["id"], "another"))
    checked = command("--folder", str(folder))
    assert checked.returncode == 1
    assert '["direct","alice","bob"] was another' in checked.stderr


def test_the_order_in_which_two_users_are_named_does_not_matter() -> None:
    first, second = vectors.vectors()["vectors"][:2]
    assert first == second


@pytest.mark.parametrize("name", APIS)
def test_the_asyncapi_documents_are_valid(name: str) -> None:
    schema = json.loads(gzip.decompress((HERE / "asyncapi/3.0.0.json.gz").read_bytes()))
    jsonschema.Draft7Validator(schema).validate(loaded(CONTRACT / name))


def test_the_topic_says_which_header_its_records_have() -> None:
    for message in loaded(CONTRACT / APIS[0])["components"]["messages"].values():
        for name, value in codec.HEADERS:
            assert message["headers"]["properties"][name]["const"] == value.decode()


@pytest.mark.parametrize("kind", ["message", "read"])
def test_a_frame_of_a_client_must_name_its_type(kind: str) -> None:
    assert "type" in loaded(CONTRACT / f"schemas/frames/from-client/{kind}.json")["required"]


@pytest.mark.parametrize("name", APIS)
def test_the_references_of_the_asyncapi_documents_lead_somewhere(name: str) -> None:
    document = loaded(CONTRACT / name)
    for reference in references(document):
        target = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        assert target


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_the_openapi_document_is_valid() -> None:
    validate_openapi(loaded(CONTRACT / "openapi.json"))


@pytest.mark.parametrize("path", sorted(CONTRACT.glob("schemas/**/*.json")), ids=lambda path: path.stem)
def test_the_schemas_are_valid(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(loaded(path))


@pytest.mark.parametrize("kind", sorted(sample_bytes()))
def test_what_is_written_matches_its_schema(kind: str) -> None:
    schema = loaded(CONTRACT / f"schemas/entries/{kind}.json")
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    checker.validate(json.loads(sample_bytes()[kind]))


@pytest.mark.parametrize("path", GOLDEN_ENTRIES, ids=lambda path: path.stem)
def test_every_golden_entry_matches_its_schema(path: Path) -> None:
    record = loaded(path)
    schema = loaded(CONTRACT / f"schemas/entries/{record['type']}.json")
    jsonschema.Draft202012Validator(schema).validate(record)


def test_every_type_has_a_golden_record() -> None:
    kinds = {type_of(model) for model in (*ENTRIES, *get_args(events.Event))}
    assert {loaded(path)["type"] for path in (*GOLDEN_ENTRIES, *GOLDEN_EVENTS)} == kinds


@pytest.mark.parametrize("path", GOLDEN_EVENTS, ids=lambda path: path.stem)
def test_every_golden_event_can_be_read(path: Path) -> None:
    read_and_written_again(codec.decode_event(path.read_bytes()), path)


@pytest.mark.parametrize("path", GOLDEN_ENTRIES, ids=lambda path: path.stem)
def test_every_golden_entry_can_be_read(path: Path) -> None:
    read_and_written_again(codec.decode_entry(path.read_bytes()), path)


def read_and_written_again(record: BaseModel, path: Path) -> None:
    assert json.loads(codec.encode(record)) == loaded(path)


def with_unknown_field(value: Any, depth: int) -> tuple[Any, int]:
    """Add an unknown field to the `depth`-th object; return the value and how many objects remain."""
    if isinstance(value, dict):
        copy = {"unheardOf": {"of": 1}} if depth == 0 else {}
        depth -= 1
        for name, item in value.items():
            copy[name], depth = with_unknown_field(item, depth)
        return copy, depth
    return value, depth


@pytest.mark.parametrize("path", [*GOLDEN_EVENTS, *GOLDEN_ENTRIES], ids=lambda path: path.stem)
def test_a_field_that_a_newer_release_adds_anywhere_changes_nothing(path: Path) -> None:
    decode = codec.decode_event if path in GOLDEN_EVENTS else codec.decode_entry
    _, rest = with_unknown_field(loaded(path), 100)
    for depth in range(100 - rest):
        newer, _ = with_unknown_field(loaded(path), depth)
        assert newer != loaded(path)
        assert decode(json.dumps(newer).encode()) == decode(path.read_bytes())


def test_a_new_shape_is_added_to_the_history_and_the_old_ones_stay() -> None:
    now = history.present()
    assert history.addition({}, now) == {"0001.json": now}
    assert history.addition({"0001.json": now}, now) == {}
    assert history.addition({"0001.json": {}}, now) == {"0002.json": now}


def test_a_type_that_is_gone_breaks_its_readers() -> None:
    now = history.present()
    assert list(history.broken({"0001.json": {**now, "chat.old.v1": {}}}, now)) == [
        "history/0001.json: chat.old.v1 is gone"
    ]
    assert list(history.broken({"0001.json": {}}, now)) == []


def test_no_entry_shows_more_of_a_message_than_its_frame_but_for_the_audience() -> None:
    fields = set(entries.SentData.model_fields) - {"audience"}
    shown = loaded(CONTRACT / "schemas/frames/to-client/message.json")["properties"]
    assert len(fields) + len({"type", "isRead"}) == len(shown)
