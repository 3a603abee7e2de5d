import copy
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld

from registry.formats import contexts
from registry.formats.canonical import (
    CanonicalisationError,
    ContextNotBundledError,
    UndefinedTermError,
    check_terms,
    jcs,
    rdfc,
)
from registry.formats.contexts import CREDENTIALS_V2, OPEN_BADGES_V3

Json = dict[str, Any]


def pyld_alone(document: Json) -> bytes:
    """PyLD's own way from JSON-LD to N-Quads, which the registry takes only the ends of."""

    def load(url: str, _options: object) -> Json:
        context = copy.deepcopy(contexts.load(url))
        return {"document": context, "documentUrl": url, "contextUrl": None}

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "base": None}
    text: str = jsonld.normalize(document, options | {"documentLoader": load})
    return text.encode()


def credential(**members: Any) -> Json:
    """A document that says something whatever else it says."""
    return {
        "@context": [CREDENTIALS_V2, OPEN_BADGES_V3],
        "id": "urn:x",
        "type": ["VerifiableCredential"],
        "issuer": "urn:i",
        "urn:q": "always said",
    } | members


# ------------------------------------------------------------------ JCS


def test_jcs_sorts_members_and_writes_numbers_as_ecmascript_does() -> None:
    assert jcs({"b": [1.0, 1e21, 0.1], "a": "ó\n"}) == '{"a":"ó\\n","b":[1,1e+21,0.1]}'.encode()


@pytest.mark.parametrize("value", [2**53, float("nan"), float("inf"), "\ud800", {1: 2}])
def test_a_value_json_cannot_carry_has_no_jcs_form(value: Any) -> None:
    with pytest.raises(CanonicalisationError):
        jcs([value])


json_texts = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(
    ["", "\x00\x1f\x7f\x80", "\u2028\u2029", "\ud800", "\U0001f393", 'a"\\\b\f\n\r\t/']
)
json_names = json_texts | st.sampled_from(["\U0001f393", "\uffff", "\ue000", "z", "é", "Z"])
json_numbers = (
    st.integers(-(2**53) - 1, 2**53 + 1)
    | st.sampled_from([2**53 - 1, 1 - 2**53, 2**53, 10**30, True, False])
    | st.floats()
    | st.sampled_from([0.0, -0.0, 1e-4, 9.999e-5, 1e15, 1e16, 1e21, 123456789012345.6, 2.0**53])
)
json_values = st.recursive(
    st.none() | json_texts | json_numbers,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(json_names, below, max_size=4),
    max_leaves=20,
)


def rfc8785_alone(value: Any) -> bytes | None:
    """The library that writes every value, which the quicker way must agree with."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return None


@settings(deadline=None)
@given(json_values)
def test_jcs_is_that_of_the_library_whichever_way_it_is_made(value: Any) -> None:
    try:
        form = jcs(value)
    except (CanonicalisationError, UnicodeEncodeError):
        form = None
    assert form == rfc8785_alone(value)


# ------------------------------------------------------------------ what rdfc says


def test_a_badge_has_the_form_pyld_gives_it(badge: Json) -> None:
    assert rdfc(badge) == pyld_alone(badge)


def test_the_order_of_members_does_not_matter(badge: Json) -> None:
    assert rdfc(dict(reversed(badge.items()))) == rdfc(badge)


def test_a_document_is_left_as_it_was(badge: Json) -> None:
    before = copy.deepcopy(badge)
    rdfc(badge)
    assert badge == before


values = st.recursive(
    st.sampled_from(
        ["", "a", "urn:a", "_:a", "_:b0", 0, -1, 1.5, 2.0, 1e21, 1e-7, True, 'ż\t\n\r"\\']
    )
    | st.builds(dict, id=st.sampled_from(["urn:a", "_:a", "_:b1"]))
    | st.sampled_from([{"@value": "a", "@language": "pl"}, {"@value": 7, "@type": "urn:t"}])
    | st.just({"@type": "@json", "@value": {"b": [1, "ż"], "a": 1.5}}),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "tag", "description", "evidence", "result", "urn:p"]),
            children,
            max_size=3,
        ).map(lambda node: {"type": ["Achievement"]} | node)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["evidence", "urn:p", "name"]), values, min_size=1))
def test_rdfc_agrees_with_pyld_or_refuses(members: Json) -> None:
    document = credential(**members)
    try:
        form = rdfc(document)
    except CanonicalisationError:
        return
    assert form == pyld_alone(document)


def test_lists_keep_their_order_and_length(badge: Json) -> None:
    # allowedValue is the one ordered term of Open Badges 3.0.
    achievement = badge["credentialSubject"]["achievement"]
    achievement["resultDescription"] = [
        {
            "id": "urn:r",
            "type": ["ResultDescription"],
            "name": "Ocena",
            "resultType": "LetterGrade",
            "allowedValue": ["3", "4", "5", "5"],
        }
    ]
    form = rdfc(badge)
    assert form == pyld_alone(badge)
    achievement["resultDescription"][0]["allowedValue"] = ["3", "5", "4", "5"]
    assert rdfc(badge) != form


def test_a_whole_float_is_the_integer_other_readers_see(badge: Json) -> None:
    subject = badge["credentialSubject"]
    subject["achievement"]["creditsAvailable"] = 3
    form = rdfc(badge)
    subject["achievement"]["creditsAvailable"] = 3.0
    assert rdfc(badge) == form


@pytest.mark.parametrize(
    "number", [0, -0.0, 1.5, 2.0, 1e20, 1e21, -1e21, 1e-7, 5e-324, 1.7976931348623157e308, True]
)
@pytest.mark.parametrize("datatype", [None, "urn:t", "http://www.w3.org/2001/XMLSchema#double"])
def test_numbers_have_the_form_pyld_gives_them(number: float, datatype: str | None) -> None:
    typed = {"@value": number, "@type": datatype} if datatype else number
    document = credential(**{"urn:p": typed})
    assert rdfc(document) == pyld_alone(document)


# ------------------------------------------------------------------ nothing is lost


def test_every_term_no_context_defines_is_named(badge: Json) -> None:
    badge["grade"] = "5"
    badge["credentialSubject"]["achievement"]["ects"] = 3
    with pytest.raises(UndefinedTermError) as refused:
        rdfc(badge)
    assert refused.value.terms == ("ects", "grade")


def test_a_language_map_the_context_does_not_know_is_refused(badge: Json) -> None:
    badge["name"] = {"pl": "Analiza", "en": "Analysis"}
    with pytest.raises(UndefinedTermError) as refused:
        rdfc(badge)
    assert refused.value.terms == ("en", "pl")


def test_a_type_no_context_defines_is_refused(badge: Json) -> None:
    badge["type"].append("DiplomaCredential")
    with pytest.raises(UndefinedTermError) as refused:
        rdfc(badge)
    assert refused.value.terms == ("DiplomaCredential",)


@pytest.mark.parametrize(
    "members",
    [
        {"id": "credentials/1"},
        {"id": "//issuer.example/1"},
        {"id": ""},
        {"id": "@type"},
        {"id": "@unknown"},
        {"evidence": {"id": "1"}},
        {"image": "image.png"},
        {"_:p": "a blank node as a property"},
        {"name": None},
        {"evidence": [{"type": ["Evidence"], "name": None}]},
        {"name": {"@direction": "rtl"}},
        {"name": {"@value": "a", "@direction": "up"}},
        {"name": {"@language": "pl"}},
        {"name": {"@value": "a", "@language": "not a tag"}},
        {"name": {"@value": "a", "@type": "relative"}},
        {"@graph": ["dropped"]},
        {"@included": {"id": "urn:y"}},
        {"@reverse": {"name": {"id": "urn:y"}}},
        {"@index": "dropped"},
        {"@unknown": "dropped"},
        {"proof": "urn:dropped"},
        {"urn:p": 2**53},
        {"urn:p": float("nan")},
        {"urn:p": {"@type": "@json", "@value": {"a": None}}},
        {"type": {"a": "b"}},
        {"id": 5},
    ],
    ids=repr,
)
def test_what_rdf_would_drop_is_refused(members: Json) -> None:
    with pytest.raises(CanonicalisationError):
        rdfc(credential(**members))


def test_a_document_that_says_nothing_is_refused() -> None:
    with pytest.raises(CanonicalisationError):
        rdfc({"@context": [CREDENTIALS_V2], "id": "urn:x"})


@pytest.mark.parametrize("character", [*map(chr, range(1, 0x20)), "\x7f"])
def test_control_characters_are_escaped(character: str) -> None:
    short = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r"}
    written = short.get(character, f"\\u{ord(character):04X}")
    assert f'"a{written}b"'.encode() in rdfc(credential(name=f"a{character}b"))


@pytest.mark.parametrize("character", ["\x80", "\x85", "\xa0", "\ufffd", "\U0001f600"])
def test_no_other_character_is_escaped(character: str) -> None:
    document = credential(name=f"a{character}b")
    assert f'"a{character}b"'.encode() in rdfc(document)
    assert rdfc(document) == pyld_alone(document)


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_characters_that_cut_a_text_short_or_have_no_utf_8_are_refused(character: str) -> None:
    with pytest.raises(CanonicalisationError):
        rdfc(credential(name=f"a{character}b"))


@pytest.mark.parametrize(
    "text",
    ["urn:y> <urn:p> <urn:o", "urn:y\n", "urn:y .\n<urn:z", "urn:a b", 'urn:"', "urn:\\u003e"],
)
def test_an_iri_cannot_write_statements_of_its_own(text: str) -> None:
    for members in ({"id": text}, {"type": text}, {text: "v"}, {"evidence": {"id": text}}):
        with pytest.raises(CanonicalisationError):
            rdfc(credential(**members))
    for value in ({"@value": "v", "@type": text}, {"@value": "v", "@language": text}):
        with pytest.raises(CanonicalisationError):
            rdfc(credential(name=value))


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ({"@value": "a", "@direction": "rtl"}, "_rtl"),
        ({"@value": "a", "@language": "en-GB", "@direction": "ltr"}, "en-gb_ltr"),
    ],
)
def test_a_texts_direction_is_signed_as_its_datatype(text: Any, literal: str) -> None:
    written = f'"a"^^<https://www.w3.org/ns/i18n#{literal}>'
    assert written in rdfc(credential(name=text)).decode()


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ({"@id": "urn:t", "@container": "@index"}, {"dropped": "text"}),
        ({"@id": "urn:t", "@container": "@graph", "@type": "@id"}, "urn:dropped"),
        ({"@reverse": "urn:t"}, {"id": "urn:y"}),
        (None, "dropped"),
    ],
    ids=repr,
)
def test_what_a_context_makes_rdf_drop_is_refused(term: Any, said: Any) -> None:
    def load(url: str) -> Json:
        return {"@context": {"t": term}} if url == "urn:c" else contexts.load(url)

    document = credential(**{"@context": [CREDENTIALS_V2, "urn:c"], "t": said})
    with pytest.raises(CanonicalisationError):
        rdfc(document, contexts=load)


# ------------------------------------------------------------------ contexts


def test_a_context_that_is_not_bundled_is_refused(badge: Json) -> None:
    badge["@context"].append("https://issuer.example/context.json")
    with pytest.raises(ContextNotBundledError) as refused:
        rdfc(badge)
    assert refused.value.url == "https://issuer.example/context.json"


def test_a_context_named_inside_the_document_is_looked_up_too(badge: Json) -> None:
    badge["credentialSubject"]["@context"] = "https://issuer.example/context.json"
    with pytest.raises(ContextNotBundledError):
        rdfc(badge)


@pytest.mark.parametrize("context", [{"@vocab": "urn:v#"}, {"name": "urn:n"}, None, 5, [], [{}]])
def test_a_context_that_is_neither_a_url_nor_plain_is_refused(badge: Json, context: Any) -> None:
    badge["@context"].append(context)
    with pytest.raises(CanonicalisationError):
        rdfc(badge)


def test_contexts_come_from_the_caller_alone(badge: Json) -> None:
    extra = {"@context": {"grade": "urn:example:grade"}}

    def load(url: str) -> Json:
        return extra if url == "urn:example:context" else contexts.load(url)

    badge["@context"].append("urn:example:context")
    badge["grade"] = "5"
    assert b'<urn:example:grade> "5"' in rdfc(badge, contexts=load)
    with pytest.raises(ContextNotBundledError):
        rdfc(badge)


def test_the_callers_contexts_are_not_changed_by_reading_with_them(badge: Json) -> None:
    # PyLD writes the absolute URL over the relative one.
    scoped: Json = {"@context": {"grade": {"@id": "urn:grade", "@context": "scoped.json"}}}
    before = copy.deepcopy(scoped)

    def load(url: str) -> Json:
        own = {
            "https://c.example/a.json": scoped,
            "https://c.example/scoped.json": {"@context": {}},
        }
        return own[url] if url in own else contexts.load(url)

    badge["@context"].append("https://c.example/a.json")
    badge["grade"] = "5"
    rdfc(badge, contexts=load)
    assert scoped == before


def test_a_protected_term_cannot_be_redefined(badge: Json) -> None:
    def load(url: str) -> Json:
        redefinition = {"@context": {"VerifiableCredential": "urn:example:other"}}
        return redefinition if url == "urn:example:context" else contexts.load(url)

    badge["@context"].append("urn:example:context")
    with pytest.raises(CanonicalisationError, match="protected term redefinition"):
        rdfc(badge, contexts=load)


def test_more_contexts_than_any_credential_names_are_refused() -> None:
    with pytest.raises(CanonicalisationError, match="contexts"):
        rdfc({"@context": [CREDENTIALS_V2, OPEN_BADGES_V3] * 129, "id": "urn:x", "name": "x"})


def test_bundled_contexts_are_not_changed_by_reading_with_them(badge: Json) -> None:
    before = copy.deepcopy(contexts.load(OPEN_BADGES_V3))
    rdfc(badge)
    assert contexts.load(OPEN_BADGES_V3) == before


def test_threads_give_the_same_answer(badge: Json) -> None:
    variants = [badge | {"name": str(number)} for number in range(8)]
    expected = [rdfc(variant) for variant in variants]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(rdfc, variants * 20)) == expected * 20


def test_check_terms_refuses_what_rdfc_refuses(badge: Json) -> None:
    check_terms(badge)
    for members in ({"grade": "5"}, {"id": "1"}, {"type": ["Diploma"]}, {"name": None}):
        with pytest.raises(CanonicalisationError):
            check_terms(badge | members)


# ------------------------------------------------------------------ time


def test_sha384_tells_blank_nodes_apart_in_another_order() -> None:
    document = credential(evidence=[{"type": ["Evidence"], "name": str(n)} for n in range(8)])
    assert sorted(rdfc(document)) == sorted(rdfc(document, digest="sha384"))
    assert rdfc(document) != rdfc(document, digest="sha384")


def test_a_credential_of_the_first_data_model_is_canonicalised() -> None:
    form = rdfc(
        {
            "@context": [
                contexts.CREDENTIALS_V1,
                "https://www.w3.org/2018/credentials/examples/v1",
                "https://w3id.org/security/data-integrity/v2",
            ],
            "type": ["VerifiableCredential", "UniversityDegreeCredential"],
            "issuer": "urn:i",
            "issuanceDate": "2026-03-01T09:00:00Z",
            "credentialSubject": {"id": "urn:s", "degree": "Bachelor"},
        }
    )
    assert form == (
        b'<urn:s> <https://example.org/examples#degree> "Bachelor" .\n'
        b"_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        b"<https://example.org/examples#UniversityDegreeCredential> .\n"
        b"_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        b"<https://www.w3.org/2018/credentials#VerifiableCredential> .\n"
        b"_:c14n0 <https://www.w3.org/2018/credentials#credentialSubject> <urn:s> .\n"
        b'_:c14n0 <https://www.w3.org/2018/credentials#issuanceDate> "2026-03-01T09:00:00Z"'
        b"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n"
        b"_:c14n0 <https://www.w3.org/2018/credentials#issuer> <urn:i> .\n"
    )


def test_many_values_of_one_property_take_no_quadratic_time() -> None:
    started = time.perf_counter()
    rdfc(credential(name=[str(number) for number in range(15_000)]))
    assert time.perf_counter() - started < 3


def test_more_values_than_any_credential_has_are_refused_before_they_are_expanded() -> None:
    document = credential(evidence=[{"type": ["Evidence"]} for _ in range(40_000)])
    started = time.perf_counter()
    with pytest.raises(CanonicalisationError, match="more values"):
        rdfc(document)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("member", ["evidence", "proof", "relatedResource"])
def test_an_empty_array_is_refused_where_statements_are_signed_since_it_makes_none(
    member: str,
) -> None:
    document = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "urn:example:learner"},
        member: [],
    }
    with pytest.raises(CanonicalisationError, match="an empty array"):
        rdfc(document)
    check_terms(document)


def test_a_presentation_of_no_credential_may_say_so() -> None:
    document = {"@context": [CREDENTIALS_V2], "type": ["VerifiablePresentation"]}
    assert rdfc({**document, "verifiableCredential": []}) == rdfc(document)
