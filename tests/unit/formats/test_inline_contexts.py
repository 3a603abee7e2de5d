"""Contexts written out in a document: names for IRIs of its own, and nothing that could hide."""

from threading import get_ident
from typing import Any

import pytest

from registry.formats import contexts, json_ld
from registry.formats.canonical import CanonicalisationError, InlineContextError, rdfc
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.inline_contexts import MAX_TERMS, check_inline_context

Json = dict[str, Any]
TERM = "https://terms.example/v1#grade"


def credential(*context: Any, **members: Any) -> Json:
    return {
        "@context": [CREDENTIALS_V2, *context],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": {"id": "did:example:subject"},
    } | members


@pytest.mark.parametrize(
    ("definition", "value", "said"),
    [
        (TERM, "5", f'<{TERM}> "5" .'),
        ({"@id": TERM}, "5", f'<{TERM}> "5" .'),
        ({"@id": "urn:x:grade"}, "5", '<urn:x:grade> "5" .'),
        ({"@id": TERM, "@type": "@id"}, "urn:g:5", f"<{TERM}> <urn:g:5> ."),
        ({"@id": TERM, "@type": "urn:x:mark"}, "5", f'<{TERM}> "5"^^<urn:x:mark> .'),
        ({"@id": TERM, "@type": "@json"}, [5], f'<{TERM}> "[5]"^^<http'),
    ],
)
def test_a_term_of_ones_own_is_signed(definition: Any, value: Any, said: str) -> None:
    form = rdfc(credential({"grade": definition}, grade=value)).decode()
    assert said in form


def test_a_type_of_ones_own_is_signed() -> None:
    # As the documents of W3C's test suite for the data model have it.
    context = {"ExampleTestCredential": "https://example.org/#ExampleTestCredential"}
    document = credential(context, type=["VerifiableCredential", "ExampleTestCredential"])
    assert b"<https://example.org/#ExampleTestCredential> ." in rdfc(document)


def test_a_context_may_stand_inside_the_document() -> None:
    subject = {"@context": {"grade": TERM}, "id": "did:example:subject", "grade": "5"}
    assert f'<did:example:subject> <{TERM}> "5" .'.encode() in rdfc(
        credential(credentialSubject=subject)
    )


def test_the_same_words_with_another_context_say_something_else() -> None:
    one, other = (
        rdfc(credential({"grade": f"https://terms.example/{name}"}, grade="5")) for name in "ab"
    )
    assert one != other


def test_a_context_changed_between_two_readings_is_read_anew() -> None:
    context: Json = {"grade": TERM}
    subject = {"@context": context, "id": "did:example:subject", "grade": "5"}
    before = rdfc(credential(credentialSubject=subject))
    context["grade"] = "https://terms.example/another"
    after = rdfc(credential(credentialSubject=subject))
    assert b"another" in after
    assert b"another" not in before


@pytest.mark.parametrize(
    ("context", "term"),
    [
        ({"@vocab": "https://terms.example/"}, "@vocab"),
        ({"@base": "https://terms.example/"}, "@base"),
        ({"@import": "https://terms.example/"}, "@import"),
        ({"@propagate": False}, "@propagate"),
        ({"@language": "pl"}, "@language"),
        ({"@version": 1.1}, "@version"),
        ({"@protected": True, "grade": TERM}, "@protected"),
        ({"grade": "grade"}, "grade"),
        ({"grade": ""}, "grade"),
        ({"grade": None}, "grade"),
        ({"grade": False}, "grade"),
        ({"grade": 5}, "grade"),
        ({"grade": [TERM]}, "grade"),
        ({"grade": {}}, "grade"),
        ({"grade": {"@id": None}}, "grade"),
        ({"grade": {"@id": "grade"}}, "grade"),
        ({"grade": {"@type": "@id"}}, "grade"),
        ({"grade": {"@id": TERM, "@type": None}}, "grade"),
        ({"grade": {"@id": TERM, "@type": "@vocab"}}, "grade"),
        ({"grade": {"@id": TERM, "@type": "@none"}}, "grade"),
        ({"grade": {"@id": TERM, "@type": "mark"}}, "grade"),
        ({"grade": {"@id": TERM, "@container": "@list"}}, "grade"),
        ({"grade": {"@id": TERM, "@container": "@graph"}}, "grade"),
        ({"grade": {"@id": TERM, "@language": "pl"}}, "grade"),
        ({"grade": {"@id": TERM, "@direction": "rtl"}}, "grade"),
        ({"grade": {"@id": TERM, "@context": {"issuer": TERM}}}, "grade"),
        ({"grade": {"@id": TERM, "@protected": True}}, "grade"),
        ({"grade": {"@id": TERM, "@prefix": True}}, "grade"),
        ({"grade": {"@id": TERM, "@type": "@id", "@nest": "more"}}, "grade"),
        ({"more": "@nest"}, "more"),
        ({"kind": "@type"}, "kind"),
        ({"kind": {"@id": "@id"}}, "kind"),
        ({"grade": {"@reverse": TERM}}, "grade"),
        ({"": TERM}, ""),
        ({"terms": "https://terms.example/v1#"}, "terms"),
        ({"terms": "https://terms.example/"}, "terms"),
        ({"urn": "https://www.w3.org/2018/"}, "urn"),
        ({"did:example": TERM}, "did:example"),
        ({"https://terms.example/a": TERM}, "https://terms.example/a"),
        ({"a/b": TERM}, "a/b"),
        ({"grade": "_:b0"}, "grade"),
        ({"grade": "cred:credentialStatus"}, "grade"),
        ({"grade": "https://terms.example/a b"}, "grade"),
        ({"grade": "https://terms.example/a>\n<urn:b"}, "grade"),
    ],
    ids=repr,
)
def test_a_context_that_does_more_is_refused_with_the_terms_name(context: Json, term: str) -> None:
    with pytest.raises(InlineContextError) as refused:
        rdfc(credential(context, description="always said"))
    assert refused.value.term == term
    assert repr(term) in str(refused.value)


@pytest.mark.parametrize(
    "iri",
    [
        "https://www.w3.org/2018/credentials#credentialStatus",
        "https://WWW.w3.org/2018/credentials#credentialStatus",
        "https://www.w3.org/ns/credentials/status#statusPurpose",
        "https://w3id.org/security#proof",
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
        "https://purl.imsglobal.org/spec/vc/ob/vocab.html#achievement",
    ],
)
def test_nothing_a_verifier_acts_on_gets_another_name(iri: str) -> None:
    for definition in (
        iri,
        {"@id": iri},
        {"@id": iri, "@type": "@id"},
        {"@id": TERM, "@type": iri},
    ):
        with pytest.raises(InlineContextError, match="'state' is mapped to a vocabulary"):
            rdfc(credential({"state": definition}, state="urn:x"))


@pytest.mark.parametrize("term", ["name", "type", "id", "VerifiableCredential"])
def test_a_protected_term_is_not_redefined(term: str) -> None:
    with pytest.raises(CanonicalisationError, match="protected term redefinition"):
        rdfc(credential({term: TERM}))


@pytest.mark.parametrize("term", ["issuer", "validUntil", "credentialStatus"])
def test_a_credentials_own_terms_mean_in_it_what_they_always_mean(term: str) -> None:
    plain = credential(**{term: "urn:x"})
    assert rdfc(credential({term: TERM}, **{term: "urn:x"})) == rdfc(plain)


def test_a_context_without_bounds_is_refused() -> None:
    check_inline_context({f"t{n}": TERM for n in range(MAX_TERMS)})
    with pytest.raises(InlineContextError, match="more than"):
        check_inline_context({f"t{n}": TERM for n in range(MAX_TERMS + 1)})


@pytest.mark.parametrize(("count", "terms"), [(300, 1), (3, 100)])
def test_many_small_contexts_are_refused_as_well(count: int, terms: int) -> None:
    subjects = [
        {"id": f"urn:s:{n}", "@context": {f"t{n}.{m}": TERM for m in range(terms)}}
        for n in range(count)
    ]
    with pytest.raises(CanonicalisationError, match="contexts"):
        rdfc(credential(credentialSubject=subjects))
    assert rdfc(credential(credentialSubject=subjects[: 250 // terms]))


def test_contexts_of_strangers_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_ld, "MAX_RESOLVED", 50)

    def load(url: str) -> Json:
        return contexts.load(url)

    resolver = json_ld._resolver(load, get_ident())
    for number in range(200):
        rdfc(credential({f"grade{number}": TERM}, **{f"grade{number}": "5"}), contexts=load)
        assert len(resolver.per_op_cache) < 150
        assert len(resolver.shared_cache) < 150
