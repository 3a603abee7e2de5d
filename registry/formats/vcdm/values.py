"""The kinds of values a credential is made of: URLs, objects, texts in a language."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from registry.formats.one_or_many import as_list
from registry.formats.vcdm.problem import Document, Problem

# RFC 3986 §3: a scheme and something after it, in the characters a URI has; a percent sign comes
# with two digits. Letters beyond ASCII are let through, as the URL Standard does.
_URL: Final = re.compile(
    r"""[A-Za-z][A-Za-z0-9+.-]*:(?:[^\x00-\x20\x7f-\x9f\s<>"{}|\\^`%]|%[0-9A-Fa-f]{2})+"""
)
# RFC 5646 §2.1, by form alone.
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_TEXT_MEMBERS: Final = {"@value", "@language", "@direction"}
_SHOWN_CHARACTERS: Final = 80


def numbered(document: Document, name: str) -> Iterator[tuple[str, Any]]:
    """Yield each value of a property with its path: the name, and its place if there are many."""
    if name not in document:
        return
    given = document[name]
    if not isinstance(given, list):
        yield name, given
        return
    for place, value in enumerate(given):
        yield f"{name}[{place}]", value


def is_url(value: Any) -> bool:
    """Say whether a value is one absolute URL (VCDM 2.0 §4.4, by form alone)."""
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def types_of(value: Document) -> list[Any]:
    """Return the value of `type` as a list, empty where there is none."""
    return as_list(value["type"]) if "type" in value else []


def objects(document: Document, name: str) -> Iterator[tuple[str, Document]]:
    """Yield the objects among the values of a property, each with its path."""
    for path, value in numbered(document, name):
        if isinstance(value, dict):
            yield path, value


def one_id(owner: Document, path: str) -> Iterator[Problem]:
    """Report an `id` that is not one URL (VCDM 2.0 §4.4)."""
    if "id" in owner and not is_url(owner["id"]):
        field = f"{path}.id" if path else "id"
        reason = f"{shown(owner['id'])} is not one absolute URL."
        yield Problem(field, reason, "Give one URL, such as urn:uuid:…, or leave the id out.")


def text(value: Any, path: str) -> Iterator[Problem]:
    """Report what is neither a text nor texts that say their language (VCDM 2.0 §11.1)."""
    if isinstance(value, str):
        return
    entries = as_list(value)
    if not entries or not all(_is_language_value(entry) for entry in entries):
        yield Problem(
            path,
            f"{shown(value)} is neither a text nor a language value object.",
            'Write a string, or {"@value": …, "@language": …, "@direction": …} and nothing else.',
        )


def _is_language_value(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() - _TEXT_MEMBERS:
        return False
    language, direction = value.get("@language", "en"), value.get("@direction", "ltr")
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        return False
    return isinstance(value.get("@value"), str) and direction in ("ltr", "rtl")


def shown(value: Any) -> str:
    """Return a value as its author wrote it, in JSON: short, and on one line."""
    written = json.dumps(value, ensure_ascii=False)
    line = "".join(character if character.isprintable() else "?" for character in written)
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"
