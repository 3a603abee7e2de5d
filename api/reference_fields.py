"""What the OpenAPI description says of parameters and bodies, field by field."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

Schema = dict[str, Any]

_LIMITS = {
    "format": "format ",
    "pattern": "pattern ",
    "maxLength": "longest ",
    "minimum": "least ",
    "maximum": "greatest ",
    "default": "unless given ",
}


class Field(NamedTuple):
    """A value that a request carries; `name` has dots where objects lie within objects."""

    name: str
    kind: str
    description: str
    example: str


def parameters(operation: Schema, schemas: Schema) -> Iterator[Field]:
    """Describe what an operation takes from its path, query and headers."""
    for each in operation.get("parameters", ()):
        schema = _settled(each["schema"], schemas)
        yield _field(each["name"], schema, f"in {each['in']}", required=each["required"])


def members(schema: Schema, schemas: Schema, *, prefix: str = "") -> Iterator[Field]:
    """Describe the members of a body, those of each object after it; no body holds itself."""
    settled = _settled(schema, schemas)
    for name, each in settled.get("properties", {}).items():
        required = name in settled.get("required", ())
        yield _field(prefix + name, _settled(each, schemas), required=required)
        yield from members(each, schemas, prefix=f"{prefix}{name}.")


def _settled(schema: Schema, schemas: Schema) -> Schema:
    """Follow references, and of "this or null" take this; what stands beside them prevails."""
    beside = {name: value for name, value in schema.items() if name not in {"$ref", "anyOf"}}
    if "$ref" in schema:
        return _settled(schemas[schema["$ref"].rpartition("/")[2]], schemas) | beside
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return _settled(options[0], schemas) | beside if len(options) == 1 else schema


def _field(name: str, schema: Schema, *kind: str, required: bool) -> Field:
    limits = [word + _written(schema[key]) for key, word in _LIMITS.items() if key in schema]
    need = "required" if required else "optional"
    example = _written(schema["examples"][0]) if schema.get("examples") else ""
    kinds = ", ".join([*kind, _type(schema), need, *limits])
    return Field(name, kinds, schema.get("description", ""), example)


def _type(schema: Schema) -> str:
    if "enum" in schema:
        return "one of " + " | ".join(map(_written, schema["enum"]))
    return str(schema.get("type", "any JSON"))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
