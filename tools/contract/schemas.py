"""JSON Schema of what goes over the public wires.

What Parley writes is described as it is written: fields with a default are always there, optional ones are
absent rather than null, and more may come. What clients send is described strictly.
"""

from collections.abc import Sequence
from typing import Any, Literal, get_args

from pydantic import BaseModel
from pydantic.json_schema import (
    CoreModeRef,
    CoreRef,
    DefsRef,
    GenerateJsonSchema,
    JsonSchemaValue,
    models_json_schema,
)
from pydantic_core import core_schema

from shared.contract import entries, frames

Mode = Literal["serialization", "validation"]
Document = dict[str, Any]

ENTRIES: tuple[type[BaseModel], ...] = get_args(entries.Entry)
TO_CLIENTS: tuple[type[BaseModel], ...] = get_args(frames.ServerFrame)
FROM_CLIENTS: tuple[type[BaseModel], ...] = get_args(frames.ClientFrame)


def type_of(model: type[BaseModel]) -> str:
    """What stands in the `type` of each record or frame of this model."""
    return str(get_args(model.model_fields["type"].annotation)[0])


def written(model: type[BaseModel]) -> Document:
    """The schema of what Parley writes, complete in itself."""
    return _complete(model, "serialization")


def accepted(model: type[BaseModel]) -> Document:
    """The schema of what clients may send, complete in itself."""
    return _complete(model, "validation")


def schema_name(class_name: str) -> str:
    """The name of a model's schema: entries are called without the suffix that tells them from events."""
    return class_name.removesuffix("Entry")


def components(models: Sequence[type[BaseModel]], mode: Mode) -> Document:
    """Schemas by name, as the `components.schemas` of an API document."""
    _, schemas = models_json_schema(
        [(model, mode) for model in models],
        schema_generator=_Generator,
        ref_template="#/components/schemas/{model}",
    )
    return dict(sorted(schemas["$defs"].items()))


def _complete(model: type[BaseModel], mode: Mode) -> Document:
    schema = model.model_json_schema(mode=mode, schema_generator=_Generator)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


class _Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # "Conversationid" adds nothing

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        core_ref, mode = core_mode_ref
        name, colon, number = core_ref.partition(":")
        return super().get_defs_ref((CoreRef(schema_name(name) + colon + number), mode))

    def field_is_required(self, field: Any, total: bool) -> bool:
        if self.mode == "serialization":
            return not _omitted_when_none(field)
        return super().field_is_required(field, total)

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        made["title"] = schema_name(made["title"])
        if self.mode == "serialization":
            made.pop("additionalProperties", None)
        return made

    def model_field_schema(self, schema: core_schema.ModelField) -> JsonSchemaValue:
        made = super().model_field_schema(schema)
        if self.mode == "serialization":
            made.pop("default", None)
            if _omitted_when_none(schema):
                (there,) = (each for each in made.pop("anyOf") if each != {"type": "null"})
                made = {**there, **made}
        return made


def _omitted_when_none(field: Any) -> bool:
    return field.get("serialization_exclude_if") is not None
