"""JSON Schema of models on the public wires.

What Parley writes is described as it is written: fields with a default are always present, optional ones are
absent rather than null, and more fields may come. What clients send is described strictly.
"""

from collections.abc import Sequence
from typing import Any, Literal

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

Mode = Literal["serialization", "validation"]
"""What Parley writes, or what clients send."""
JsonSchema = dict[str, Any]


def schema_name(class_name: str) -> str:
    """Return the name of a model's schema: entries are called without the suffix that separates them from
    events."""
    return class_name.removesuffix("Entry")


def components(models: Sequence[type[BaseModel]], mode: Mode) -> JsonSchema:
    """Return the schemas by name, as the `components.schemas` of an API document."""
    _, schemas = models_json_schema(
        [(model, mode) for model in models],
        schema_generator=_Generator,
        ref_template="#/components/schemas/{model}",
    )
    return dict(sorted(schemas["$defs"].items()))


def document(model: type[BaseModel], mode: Mode) -> JsonSchema:
    """Return the schema of one model, complete in itself."""
    schema = model.model_json_schema(mode=mode, schema_generator=_Generator)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


class _Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # titles like "Conversationid" only repeat the name

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        core_ref, mode = core_mode_ref
        name, colon, number = core_ref.partition(":")
        return super().get_defs_ref((CoreRef(schema_name(name) + colon + number), mode))

    def field_is_required(self, field: Any, total: bool) -> bool:
        if self.mode == "serialization":
            return not _omitted_when_none(field)
        return super().field_is_required(field, total)

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        generated = super().model_schema(schema)
        generated["title"] = schema_name(generated["title"])
        if self.mode == "serialization":
            generated.pop("additionalProperties", None)
        return generated

    def model_field_schema(self, schema: core_schema.ModelField) -> JsonSchemaValue:
        generated = super().model_field_schema(schema)
        if self.mode == "serialization":
            generated.pop("default", None)
            if _omitted_when_none(schema):
                (present,) = (option for option in generated.pop("anyOf") if option != {"type": "null"})
                generated = {**present, **generated}
        return generated


def _omitted_when_none(field: Any) -> bool:
    return field.get("serialization_exclude_if") is not None
