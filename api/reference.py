"""The reference for people: one page made from the OpenAPI description, without any script.

Nothing is fetched from anywhere: it reads the same on a closed network, and no third party learns
who reads it.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from html import escape
from typing import NamedTuple, NewType

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from api.reference_fields import Field, Schema, members, parameters
from api.requests import OpenRoute

Html = NewType("Html", str)
"""What is escaped already; the type checker lets no other text into an element."""
Row = tuple[Html, Html]

STYLE = """
:root { color-scheme: light dark; --text: #1b1b1b; --page: #ffffff; --link: #0b4f8a }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8e8e8; --page: #121212; --link: #8ab8ff } }
body { margin: auto; padding: 1rem; max-width: 50rem; font: 1rem/1.6 system-ui, sans-serif;
  color: var(--text); background: var(--page); overflow-wrap: anywhere }
a { color: var(--link) }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.skip { position: absolute; left: -99rem; padding: .5rem; background: var(--page) }
.skip:focus { left: 1rem }
nav a { display: inline-block; min-height: 1.6rem }
article { margin-top: 2rem; border-top: 1px solid }
"""
_DIGEST = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "public, max-age=300",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>
<body><a class="skip" href="#content">Skip to the content</a>
<header><h1>{title}</h1>{introduction}<p><a href="{source}">OpenAPI description</a></p></header>
<nav aria-label="Operations">{navigation}</nav>
<main id="content" tabindex="-1"><section><h2 id="authentication">Authentication</h2>
{authentication}</section>{sections}</main></body></html>
"""


class Operation(NamedTuple):
    """A method of a path, and what the description says of it."""

    name: str
    said: Schema

    @property
    def anchor(self) -> str:
        """What a link to it ends in."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def reference(app: FastAPI) -> APIRouter:
    """Return the route of the page; the page is made when it is first asked for, and kept."""
    router = APIRouter(route_class=OpenRoute, include_in_schema=False)
    page = cache(lambda: render(app.openapi(), source=app.openapi_url or ""))

    @router.get("/docs")
    def read_reference() -> HTMLResponse:
        return HTMLResponse(page(), headers=HEADERS)

    return router


def render(description: Schema, *, source: str) -> str:
    """Return the page for an OpenAPI description that is to be had at `source`."""
    info, components = description["info"], description["components"]
    tags = _tags(description["paths"])
    schemes = components.get("securitySchemes", {}).items()
    return _PAGE.format(
        title=text(f"{info['title']} {info['version']}"),
        style=STYLE,
        introduction="".join(
            element("p", text(each)) for each in info["description"].split("\n\n")
        ),
        source=escape(source),
        navigation="".join(_links(tag, operations) for tag, operations in tags.items()),
        authentication=_list((text(name), text(its["description"])) for name, its in schemes),
        sections="".join(_section(tag, tags[tag], components["schemas"]) for tag in tags),
    )


def text(words: str) -> Html:
    """Escape a text; what it has between backticks becomes code."""
    return Html(re.sub("`([^`]+)`", r"<code>\1</code>", escape(words)))


def code(words: str) -> Html:
    """Escape what is to be read letter by letter."""
    return element("code", Html(escape(words)))


def element(name: str, *inner: Html, **attributes: str) -> Html:
    """Return an element with its end tag."""
    said = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{said}>{''.join(inner)}</{name}>")


def _tags(paths: Schema) -> dict[str, list[Operation]]:
    tags: dict[str, list[Operation]] = {}
    for path, methods in paths.items():
        for method, said in methods.items():
            for tag in said["tags"]:
                tags.setdefault(tag, []).append(Operation(f"{method.upper()} {path}", said))
    return tags


def _links(tag: str, operations: list[Operation]) -> Html:
    heading = element("a", text(tag.capitalize()), href=f"#tag-{tag}")
    links = element("ul", *(element("li", _link(each)) for each in operations))
    return Html(element("p", heading) + links)


def _link(operation: Operation) -> Html:
    return element("a", code(operation.name), href=f"#{operation.anchor}")


def _section(tag: str, operations: list[Operation], schemas: Schema) -> Html:
    """Show the operations whose first tag it is; the navigation has them under every tag."""
    heading = element("h2", text(tag.capitalize()), id=f"tag-{tag}")
    own = [_article(each, schemas) for each in operations if each.said["tags"][0] == tag]
    return element("section", heading, *own)


def _article(operation: Operation, schemas: Schema) -> Html:
    said = operation.said
    answers = [
        (code(status), text(its["description"])) for status, its in said["responses"].items()
    ]
    return element(
        "article",
        element("h3", _link(operation)),
        element("p", element("strong", text(said["summary"]))),
        element("p", text(said["description"])),
        element("p", _needed(said)),
        _part("Parameters", map(_row, parameters(said, schemas))),
        *_bodies(said, schemas),
        _part("Answers", answers),
        id=operation.anchor,
    )


def _needed(said: Schema) -> Html:
    names = [name for scheme in said.get("security", ()) for name in scheme]
    needed = element("a", text(f"Needs: {' or '.join(names)}"), href="#authentication")
    return needed if names else text("Open to everyone.")


def _bodies(said: Schema, schemas: Schema) -> Iterator[Html]:
    for media_type, its in said.get("requestBody", {}).get("content", {}).items():
        heading = element("h4", text("Body: "), code(media_type))
        yield Html(heading + _list(map(_row, members(its["schema"], schemas))))


def _row(field: Field) -> Row:
    example = f" Example: {code(field.example)}" if field.example else ""
    said = text(field.description) + example
    return Html(f"{code(field.name)} {escape(field.kind)}"), Html(said)


def _part(heading: str, rows: Iterable[Row]) -> Html:
    listed = _list(rows)
    return Html(element("h4", text(heading)) + listed) if listed else listed


def _list(rows: Iterable[Row]) -> Html:
    inner = [element("dt", term) + element("dd", said) for term, said in rows]
    return element("dl", *map(Html, inner)) if inner else Html("")
