from collections.abc import Iterator
from hashlib import sha256
from importlib import resources
from typing import Any

import pytest

from registry.formats import contexts
from registry.formats.canonical import rdfc
from registry.formats.contexts import BUNDLED, ContextAlteredError, ContextNotBundledError, load


@pytest.mark.parametrize("url", BUNDLED)
def test_each_bundled_context_is_the_pinned_copy_and_defines_terms(url: str) -> None:
    assert load(url)["@context"]


@pytest.mark.parametrize("url", BUNDLED)
def test_each_bundled_context_can_be_processed(url: str) -> None:
    assert rdfc({"@context": url, "@id": "urn:x", "urn:p": "v"}) == b'<urn:x> <urn:p> "v" .\n'


@pytest.mark.parametrize(
    ("url", "sha256_hex"),
    [
        # As VCDM 1.1 appendix B.1, VCDM 2.0 appendix B.1 and Bitstring Status List §2.3 print them.
        (
            "https://www.w3.org/2018/credentials/v1",
            "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
        ),
        (
            "https://www.w3.org/ns/credentials/v2",
            "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
        ),
        (
            "https://www.w3.org/ns/credentials/status/v1",
            "fda5add353231e6a6884a46b12e6c75464281900cb348284d9c360f62381d9f7",
        ),
    ],
)
def test_a_copy_has_the_hash_its_specification_prints(url: str, sha256_hex: str) -> None:
    assert BUNDLED[url] == sha256_hex


def definitions(value: Any) -> Iterator[tuple[str, str]]:
    """Yield each term of a context and of those inside it, and what the term is mapped to."""
    if isinstance(value, list):
        for item in value:
            yield from definitions(item)
    elif isinstance(value, dict):
        for term, definition in value.items():
            mapped = definition.get("@id") if isinstance(definition, dict) else definition
            if isinstance(mapped, str):
                yield term, mapped
            yield from definitions(definition)


@pytest.mark.parametrize("url", BUNDLED)
def test_no_context_gives_another_name_to_what_decides_a_verdict(url: str) -> None:
    # A signature over RDF would still fit when the field goes by its other name, and nobody
    # would see the field.
    decisive = {
        "credentialSchema",
        "credentialStatus",
        "credentialSubject",
        "expirationDate",
        "issuanceDate",
        "issuer",
        "validFrom",
        "validUntil",
    }
    for term, mapped in definitions(load(url)):
        name = mapped.rpartition("#")[2].rpartition(":")[2]
        is_credentials = mapped.startswith(("https://www.w3.org/2018/credentials#", "cred:"))
        if is_credentials and name in decisive and not term.startswith("@"):
            assert term == name


def test_no_file_is_bundled_without_a_pin() -> None:
    files = [path for path in resources.files(contexts).iterdir() if path.name.endswith(".json")]
    assert {sha256(path.read_bytes()).hexdigest() for path in files} == set(BUNDLED.values())


def test_a_context_is_parsed_once() -> None:
    assert load(contexts.CREDENTIALS_V2) is load(contexts.CREDENTIALS_V2)


def test_any_other_url_is_refused() -> None:
    with pytest.raises(ContextNotBundledError) as refused:
        load("https://issuer.example/context.json")
    assert refused.value.url == "https://issuer.example/context.json"


def test_an_altered_copy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://w3id.org/security/multikey/v1"
    contexts._parsed.cache_clear()
    monkeypatch.setitem(contexts._FILES, url, ("did-v1.json", BUNDLED[url]))
    with pytest.raises(ContextAlteredError):
        load(url)
