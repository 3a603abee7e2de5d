"""Status entries and status lists as documents (Bitstring Status List v1.0 §2)."""

from typing import Any

import pytest

from registry.formats import bitstring, status_list_credential
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.vcdm import LIST_LENGTH, MALFORMED, RANGE, Problem, structural_problems

LIST = "https://issuer.example/status/1"


def entry(**members: Any) -> dict[str, Any]:
    return status_list_credential.entry(LIST, purpose="revocation", index=94_567) | members


def problems_of_entry(given: Any) -> list[Problem]:
    document = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": {"id": "did:example:subject"},
        "credentialStatus": given,
    }
    return list(structural_problems(document))


def fields_of_entry(given: Any) -> list[str]:
    return [problem.field for problem in problems_of_entry(given)]


def status_list(**members: Any) -> dict[str, Any]:
    document = status_list_credential.build(
        url=LIST,
        issuer="did:example:issuer",
        purpose="revocation",
        encoded_list=bitstring.encode(bytes(16_384)).text,
        valid_from="2026-01-01T00:00:00Z",
        valid_until="2026-02-01T00:00:00Z",
        ttl_ms=300_000,
    )
    document["credentialSubject"] |= members
    return document


def fields_of_list(document: dict[str, Any]) -> list[str]:
    return [problem.field for problem in structural_problems(document)]


def messages(count: int) -> list[dict[str, str]]:
    return [{"status": hex(value), "message": str(value)} for value in range(count)]


def test_the_registrys_own_entry_breaks_no_rule() -> None:
    assert problems_of_entry(entry()) == []


def test_an_entry_needs_no_id() -> None:
    assert problems_of_entry({key: value for key, value in entry().items() if key != "id"}) == []


def test_an_entry_is_not_the_list_itself() -> None:
    assert fields_of_entry(entry(id=LIST)) == ["credentialStatus.id"]


@pytest.mark.parametrize("purpose", [None, 7, "", ["revocation"], {}])
def test_a_purpose_is_one_text(purpose: Any) -> None:
    assert fields_of_entry(entry(statusPurpose=purpose)) == ["credentialStatus.statusPurpose"]


def test_purposes_of_ones_own_are_allowed() -> None:
    assert problems_of_entry(entry(statusPurpose="https://example.org/purpose")) == []


@pytest.mark.parametrize("index", [None, 7, "", "-1", "1e3", "abc", "007", "+1", "1.0", "٣", "1\n"])
def test_an_index_is_a_base_10_text(index: Any) -> None:
    [found] = problems_of_entry(entry(statusListIndex=index))
    assert (found.field, found.problem_type) == ("credentialStatus.statusListIndex", MALFORMED)


def test_an_index_beyond_any_list_is_out_of_range() -> None:
    [found] = problems_of_entry(entry(statusListIndex="9" * 19))
    assert found.problem_type == RANGE


@pytest.mark.parametrize("url", [None, 7, "not a url", [LIST]])
def test_the_list_is_named_by_one_url(url: Any) -> None:
    found = fields_of_entry(entry(statusListCredential=url))
    assert found == ["credentialStatus.statusListCredential"]


@pytest.mark.parametrize("size", [0, -1, "1", 1.5, True, None, 17])
def test_a_size_is_a_whole_number_above_zero(size: Any) -> None:
    assert fields_of_entry(entry(statusSize=size)) == ["credentialStatus.statusSize"]


def test_an_entry_of_several_bits_says_what_its_values_mean() -> None:
    assert fields_of_entry(entry(statusSize=2)) == ["credentialStatus.statusMessage"]
    assert problems_of_entry(entry(statusSize=2, statusMessage=messages(4))) == []


@pytest.mark.parametrize(("size", "count"), [(1, 1), (1, 3), (2, 2), (3, 7)])
def test_there_is_one_message_for_each_value(size: int, count: int) -> None:
    found = fields_of_entry(entry(statusSize=size, statusMessage=messages(count)))
    assert found == ["credentialStatus.statusMessage"]


def test_an_entry_of_one_bit_may_say_what_its_values_mean() -> None:
    assert problems_of_entry(entry(statusMessage=messages(2))) == []


def test_messages_are_an_array() -> None:
    assert fields_of_entry(entry(statusMessage="unset")) == ["credentialStatus.statusMessage"]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("set", ""),
        ({"status": "1", "message": "set"}, ".status"),
        ({"status": 1, "message": "set"}, ".status"),
        ({"status": "0xg", "message": "set"}, ".status"),
        ({"status": "0x1"}, ".message"),
        ({"status": "0x1", "message": 7}, ".message"),
    ],
)
def test_a_message_has_a_hexadecimal_status_and_a_text(message: Any, field: str) -> None:
    found = fields_of_entry(entry(statusMessage=[*messages(1), message]))
    assert found == [f"credentialStatus.statusMessage[1]{field}"]


@pytest.mark.parametrize("reference", ["https://example.org/a", ["https://example.org/a", "a:b"]])
def test_a_reference_is_a_url_or_several(reference: Any) -> None:
    assert problems_of_entry(entry(statusReference=reference)) == []


def test_a_reference_that_is_no_url_is_refused() -> None:
    found = fields_of_entry(entry(statusReference=["https://example.org/a", "not a url"]))
    assert found == ["credentialStatus.statusReference[1]"]


def test_each_of_several_entries_is_looked_at() -> None:
    found = fields_of_entry([entry(), entry(statusListIndex=7)])
    assert found == ["credentialStatus[1].statusListIndex"]


def test_entries_of_other_types_are_left_to_their_own_rules() -> None:
    assert problems_of_entry({"type": "https://example.org/Status", "statusListIndex": 7}) == []


def test_the_registrys_own_list_breaks_no_rule() -> None:
    assert fields_of_list(status_list()) == []


@pytest.mark.parametrize("types", [None, "Other", []])
def test_the_subject_of_a_list_is_a_bitstring_status_list(types: Any) -> None:
    assert fields_of_list(status_list(type=types)) == ["credentialSubject.type"]


@pytest.mark.parametrize("purpose", [None, [], 7, "", ["revocation", 7]])
def test_a_list_has_one_purpose_or_several(purpose: Any) -> None:
    found = fields_of_list(status_list(statusPurpose=purpose))
    assert found == ["credentialSubject.statusPurpose"]


def test_a_list_may_serve_several_purposes() -> None:
    assert fields_of_list(status_list(statusPurpose=["revocation", "suspension"])) == []


def test_a_list_of_messages_describes_them() -> None:
    found = fields_of_list(status_list(statusPurpose="message"))
    assert found == ["credentialSubject.statusSize", "credentialSubject.statusMessages"]
    described = status_list(statusPurpose="message", statusSize=1, statusMessages=messages(2))
    assert fields_of_list(described) == []


@pytest.mark.parametrize("ttl", [-1, "300", 1.5, True, None])
def test_a_ttl_is_a_number_of_milliseconds(ttl: Any) -> None:
    assert fields_of_list(status_list(ttl=ttl)) == ["credentialSubject.ttl"]


@pytest.mark.parametrize("encoded", [None, 7, "", "H4sIAAAA", "u!", "uAAAA"])
def test_a_list_is_compressed_and_written_in_multibase(encoded: Any) -> None:
    assert fields_of_list(status_list(encodedList=encoded)) == ["credentialSubject.encodedList"]


def test_a_list_has_at_least_131_072_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(bitstring, "MINIMUM_ENTRIES", 8)
        short = bitstring.encode(bytes(16_383)).text
    [found] = structural_problems(status_list(encodedList=short))
    assert (found.field, found.problem_type) == ("credentialSubject.encodedList", LIST_LENGTH)


def test_a_list_credential_has_one_list() -> None:
    document = status_list()
    document["credentialSubject"] = [document["credentialSubject"]]
    assert fields_of_list(document) == ["credentialSubject"]
