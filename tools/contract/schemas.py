"""The models of the public contract, and the JSON Schema of each."""

from typing import get_args

from pydantic import BaseModel

from gateway.api import schema_generator
from gateway.api.schema_generator import JsonSchema
from gateway.websocket import frame_decoder
from shared.contract import entries, frames

Document = JsonSchema

ENTRIES: tuple[type[BaseModel], ...] = get_args(entries.Entry)
TO_CLIENTS: tuple[type[BaseModel], ...] = get_args(frames.ServerFrame)
FROM_CLIENTS: tuple[type[BaseModel], ...] = frame_decoder.FRAMES


def type_of(model: type[BaseModel]) -> str:
    """Return the `type` of each record or frame of this model."""
    return str(get_args(model.model_fields["type"].annotation)[0])


def written(model: type[BaseModel]) -> Document:
    """Return the schema of what Parley writes, complete in itself."""
    return schema_generator.document(model, "serialization")


def accepted(model: type[BaseModel]) -> Document:
    """Return the schema of what clients may send, complete in itself."""
    return schema_generator.document(model, "validation")
