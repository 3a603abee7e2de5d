"""The OpenAPI description: what the framework finds out by itself, and what it cannot know."""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.answers import Problem
from api.oauth_tokens import TOKEN_PATH
from api.problems import MEDIA_TYPE
from api.published import DID_TYPES, LIST_TYPES

VC_API = "VC API"
_REFERENCE = "#/components/schemas/Problem"
_OF_OTHER_FORM = {("/readyz", "503"), (TOKEN_PATH, "400"), (TOKEN_PATH, "401")}
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")

Description = dict[str, Any]


def describing(app: FastAPI) -> Callable[[], Description]:
    """Return what takes the place of `app.openapi`; the description is made once."""

    def describe() -> Description:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    return describe


def _description(app: FastAPI) -> Description:
    made = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    made["paths"] |= _published_paths()
    schemas = made["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for name in _FRAMEWORKS_OWN:
        schemas.pop(name, None)
    for operation in _operations(made, tag=VC_API):
        # The framework says 422 of every body; there it is 400.
        operation["responses"].pop("422", None)
    for response in _refusals(made):
        # The framework would say application/json, and describe its own kind of 422.
        response["content"] = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE}}}
        response.setdefault("description", "Refused.")
    return made


def _operations(made: Description, *, tag: str) -> Iterator[Description]:
    for methods in made["paths"].values():
        yield from (operation for operation in methods.values() if tag in operation["tags"])


def _refusals(made: Description) -> Iterator[Description]:
    for path, methods in made["paths"].items():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if status >= "400" and (path, status) not in _OF_OTHER_FORM:
                    yield response


def _published_paths() -> Description:
    list_parameters = [
        _parameter("list_id", {"type": "string", "format": "uuid"}),
        _parameter("purpose", {"enum": ["revocation", "suspension"]}),
    ]
    issuer = [_parameter("issuer_id", {"type": "string", "format": "uuid"})]
    return {
        "/status-lists/{list_id}/{purpose}": _published(
            "Read a status list",
            "A signed BitstringStatusListCredential. `Cache-Control` agrees with its `ttl`. "
            "With `timestamp`, the version that was valid then: for auditors and the list's "
            "issuer, and for everyone where its history was opened.",
            list_parameters,
            LIST_TYPES,
        ),
        "/issuers/{issuer_id}/did.json": _published(
            "Read a DID document",
            "The document of an issuer's did:web, with every key that signed for it.",
            issuer,
            DID_TYPES,
        ),
    }


def _parameter(name: str, schema: Description) -> Description:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _published(
    summary: str, text: str, parameters: list[Description], media_types: tuple[str, ...]
) -> Description:
    content = {media_type: {"schema": {"type": "object"}} for media_type in media_types}
    operation = {
        "tags": ["public"],
        "summary": summary,
        "description": f"{text} HEAD, If-None-Match and CORS are understood.",
        "parameters": parameters,
        "responses": {
            "200": {"description": "The newest version.", "content": content},
            "304": {"description": "You have it."},
            "404": {"description": "Nothing is published under this name."},
            "406": {"description": "Every media type on offer is excluded."},
            "410": {"description": "The list is retired."},
        },
    }
    return {"get": operation}
