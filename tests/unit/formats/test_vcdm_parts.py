"""The parts a credential may have, and what each of them must say (VCDM 2.0 §4.10, §4.11, §5)."""

from typing import Any

import pytest

from registry.formats.vcdm import problems, structural_problems
from tests.unit.formats.vcdm_documents import credential, credential_1, fields

PARTS = [
    "credentialStatus",
    "credentialSchema",
    "refreshService",
    "termsOfUse",
    "evidence",
    "confidenceMethod",
    "renderMethod",
    "proof",
]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_says_its_type(name: str) -> None:
    found = structural_problems(credential(**{name: {"id": "https://example.org/part"}}))
    assert fields(found) == [f"{name}.type"]


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("part", ["https://example.org/part", None])
def test_a_part_is_an_object(name: str, part: Any) -> None:
    assert fields(structural_problems(credential(**{name: part}))) == [name]


@pytest.mark.parametrize("name", PARTS)
def test_each_of_several_parts_is_looked_at(name: str) -> None:
    sound = {"id": "https://example.org/part", "type": "https://example.org/Part"}
    found = structural_problems(credential(**{name: [sound, {"id": "https://example.org/part"}]}))
    assert fields(found) == [f"{name}[1].type"]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_not_an_empty_list(name: str) -> None:
    assert fields(structural_problems(credential(**{name: []}))) == [name]


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("identifier", ["not a url", None, ["did:a:b", "did:a:c"]])
def test_the_id_of_a_part_is_one_url(name: str, identifier: Any) -> None:
    part = {"id": identifier, "type": "https://example.org/Part"}
    assert fields(structural_problems(credential(**{name: part}))) == [f"{name}.id"]


@pytest.mark.parametrize("name", [name for name in PARTS if name != "credentialSchema"])
def test_most_parts_need_no_id(name: str) -> None:
    assert structural_problems(credential(**{name: {"type": "https://example.org/Part"}})) == ()


def test_a_schema_is_named_by_its_id() -> None:
    found = problems(credential(credentialSchema={"type": "JsonSchema"}))
    assert fields(found) == ["credentialSchema.id"]


@pytest.mark.parametrize("name", ["credentialSchema", "credentialStatus", "refreshService"])
def test_version_1_wants_an_id_of_more_parts(name: str) -> None:
    part = {"type": "https://example.org/Part"}
    assert fields(structural_problems(credential_1(**{name: part}))) == [f"{name}.id"]
