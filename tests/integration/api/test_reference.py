"""The page that people read: complete, well-formed, escaped, and sufficient unto itself."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from api.reference import STYLE, render
from tests.integration.api.world import World

VOID = {"meta"}
HOSTILE = "<script>alert('&')</script>\"'`<b>`"


class Page(HTMLParser):
    """What a page consists of; an element that is not closed in its turn is an error."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def values(self, name: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(name))]


@pytest.fixture(scope="module")
def answer(world: World) -> httpx.Response:
    return world.server.client().get("/docs").raise_for_status()


@pytest.fixture(scope="module")
def page(answer: httpx.Response) -> Page:
    return Page(answer.text)


@pytest.fixture(scope="module")
def description(world: World) -> dict[str, Any]:
    document: dict[str, Any] = world.server.client().get("/openapi.json").json()
    return document


def operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_is_on_the_page_once_with_what_it_takes_and_answers(
    page: Page, description: dict[str, Any]
) -> None:
    words = " ".join(page.words)
    expected = list(operations(description))
    assert page.tags.count("article") == len(expected) > 30
    for name, operation in expected:
        said = [operation["summary"], *(each["name"] for each in operation.get("parameters", ()))]
        assert [each for each in [name, *said, *operation["responses"]] if each not in words] == []


def test_members_of_a_body_are_shown_with_type_description_and_example(page: Page) -> None:
    words = "".join(page.words)
    assert "learner.proof.challenge string, required, longest 512" in words
    assert "A reason code of the issuer. Example: misconduct" in words
    assert "did_method one of web | key, optional, unless given web" in words
    assert "Authorization: Bearer rk_…" in words


def test_every_link_leads_somewhere_and_every_id_is_given_once(page: Page) -> None:
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    assert {link for link in page.values("href") if link.removeprefix("#") not in ids} == {
        "/openapi.json"
    }


def test_nothing_is_loaded_and_nothing_runs(page: Page, answer: httpx.Response) -> None:
    forbidden = {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    assert forbidden & set(page.tags) == set()
    assert page.values("src") == page.values("style") == []
    assert not [name for _, attributes in page.elements for name in attributes if name[:2] == "on"]
    assert not re.search(r"url\(|@import", STYLE)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_policy_allows_the_style_of_the_page_and_nothing_else(answer: httpx.Response) -> None:
    [style] = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert policy[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert all(directive.endswith(" 'none'") for directive in policy[2:])


def test_landmarks_language_and_headings_are_in_order(page: Page) -> None:
    assert page.values("lang") == ["en"]
    for landmark in ("header", "nav", "main", "title", "h1"):
        assert page.tags.count(landmark) == 1, landmark
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False))
    [first] = [attributes for tag, attributes in page.elements if tag == "a"][:1]
    assert first == {"class": "skip", "href": "#content"}


def luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(factor * part for factor, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["text", "link"])
def test_contrast_suffices_in_both_colour_schemes(name: str, scheme: int) -> None:
    shades = [
        luminance(re.findall(f"--{each}: (#[0-9a-f]{{6}})", STYLE)[scheme])
        for each in (name, "page")
    ]
    assert (max(shades) + 0.05) / (min(shades) + 0.05) >= 4.5


def test_whatever_a_description_says_is_escaped() -> None:
    schema = {"type": HOSTILE, "description": HOSTILE, "examples": [HOSTILE]}
    operation = {
        "tags": [HOSTILE],
        "summary": HOSTILE,
        "description": HOSTILE,
        "security": [{HOSTILE: []}],
        "parameters": [{"name": HOSTILE, "in": HOSTILE, "required": True, "schema": schema}],
        "requestBody": {"content": {HOSTILE: {"schema": {"properties": {HOSTILE: schema}}}}},
        "responses": {HOSTILE: {"description": HOSTILE}},
    }
    description = {
        "info": {"title": HOSTILE, "version": HOSTILE, "description": HOSTILE},
        "paths": {f"/{HOSTILE}": {HOSTILE: operation}},
        "components": {
            "schemas": {},
            "securitySchemes": {HOSTILE: {"description": HOSTILE}},
        },
    }
    page = Page(render(description, source=HOSTILE))
    assert {"script", "b"} & set(page.tags) == set()
    assert {name for _, attributes in page.elements for name in attributes} <= {
        "lang", "charset", "name", "content", "class", "href", "id", "tabindex", "aria-label",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect"])
def test_the_frameworks_own_pages_are_gone(world: World, path: str) -> None:
    assert world.server.client().get(path).status_code == 404
