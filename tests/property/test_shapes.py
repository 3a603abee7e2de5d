"""A document of a known shape comes out as the whole way has it, byte for byte, or is refused too.

Whatever stands in its texts: signatures over one document must never verify for another.
"""

import copy
import json
import types
from collections.abc import Callable
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain.definition import AchievementDefinition, parse_definition
from registry.domain.subject import IdentityType, Subject, hash_identity, pairwise_subject
from registry.domain.text import Text
from registry.formats import canonical, contexts
from registry.formats.canonical import CanonicalisationError, ContextNotBundledError
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.open_badge import IssuerProfile, build_credential
from registry.formats.rdf import Digest
from registry.formats.shape_learning import MARK
from registry.formats.shapes import Shapes
from registry.formats.status_list_credential import entry

Json = dict[str, Any]
Place = tuple[str | int, ...]

DEFINITION = Path(__file__).parents[1] / "samples/minimal.json"

ACHIEVEMENT = "https://university.example.org/achievements/1"
ISSUER = IssuerProfile(
    id="did:web:university.example.org",
    name=Text("Uczelnia", "University"),
    url="https://university.example.org",
    country_code="PL",
)
HOSTILE = [
    "",
    'a "quoted" \\ text',
    "\b\t\n\f\r",
    "\x01 \x02 \x03 \x1f \x7f \x85 \u2028 \u2029",
    "\0",
    "\ud800",
    "\U0001f393 ż",
    "name",
    "Completed",
    "Achievement",
    "VerifiableCredential",
    "@id",
    "@type",
    "@vocab",
    "_:b0",
    "_:c14n0",
    "relative/path",
    "ext:ZRK",
    "schema:name",
    "cred:issuer",
    "mailto:ola@example.org",
    "urn:x",
    "urn:uuid:",
    "urn:uuid:x",
    "URN:UUID:X",
    "https://",
    "https://example.org/a",
    "https://example.org/a#b?c",
    "https://example.org/a b",
    "https://example.org/a\n",
    "https://example.org/a\nhttps://example.org/b",
    "https://example.org/<a>",
    "https://example.org/\\u0041",
    "https://example.org/ż",
    "https://example.org/../a/./b",
    "did:web:example.org",
    "did:WEB:example.org",
    "https://www.w3.org/2018/credentials#VerifiableCredential",
    "https://purl.imsglobal.org/spec/vc/ob/vocab.html#Achievement",
    CREDENTIALS_V2,
    f"{MARK} 3",
    f"https://{MARK}.3",
]

texts = st.text(max_size=20) | st.sampled_from(HOSTILE)
written = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
quantities = st.integers(0, 60) | st.just(2.0) | st.just(0.5)
SCALARS = {str: written, int: quantities, float: quantities, types.NoneType: st.none()}
digests: st.SearchStrategy[Digest] = st.sampled_from(["sha256", "sha384"])


def built(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type that definitions are made of, whether or not an issuer could give them."""
    if kind in SCALARS:
        return SCALARS[kind]
    if get_origin(kind) in {Union, types.UnionType}:
        return st.one_of(*(built(each) for each in get_args(kind)))
    if get_origin(kind) is tuple:
        return st.lists(built(get_args(kind)[0]), max_size=2).map(tuple)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(
            cast("type[Any]", kind), **{name: built(hint) for name, hint in hints.items()}
        )
    return st.sampled_from(list(kind))


definitions = st.builds(
    AchievementDefinition,
    **{
        name: built(Text) if name in {"title", "description"} else built(hint)
        for name, hint in get_type_hints(AchievementDefinition).items()
    },
)
subjects = st.builds(
    pairwise_subject,
    st.uuids(),
    identities=st.lists(
        st.builds(
            hash_identity,
            st.sampled_from(["ola@example.org", "jan@example.org"]),
            identity_type=st.just(IdentityType.EMAIL_ADDRESS),
            salt=st.sampled_from(["8fT2kQx0VbLw9sYc3ZrAqg", "kQx0VbLw9sYc3ZrAqg8fT2"]),
        ),
        max_size=2,
    ).map(tuple),
)
numbers = st.integers(0, 9_999)


def badge(given_definition: AchievementDefinition, subject: Subject, number: int) -> Json:
    """A badge as the registry builds it."""
    return build_credential(
        credential_id=f"urn:uuid:{UUID(int=number)}",
        issuer=ISSUER,
        achievement_id=ACHIEVEMENT,
        achievement_version="1",
        definition=given_definition,
        subject=subject,
        valid_from=f"2026-01-01T00:00:{number % 60:02}Z",
        status=[
            entry("https://university.example.org/status/1", purpose=purpose, index=number)
            for purpose in ("revocation", "suspension")
        ],
    )


MINIMAL = parse_definition(json.loads(DEFINITION.read_bytes()))
SAMPLE = badge(MINIMAL, pairwise_subject(UUID(int=1)), 1)


def outcome(form: Callable[[], object]) -> object:
    """What comes out, or that nothing does."""
    try:
        return form()
    except (CanonicalisationError, ContextNotBundledError) as error:
        return type(error)


def assert_same(shapes: Shapes, document: Json, digest: Digest = "sha256") -> None:
    """Twice, since the first time a shape may not be known yet."""
    form = outcome(lambda: canonical.rdfc(document, digest=digest))
    terms = outcome(lambda: canonical.check_terms(document))
    text = outcome(lambda: canonical.jcs(document)) if terms is None else terms
    for _ in range(2):
        assert outcome(lambda: shapes.rdfc(document, digest=digest)) == form
        assert outcome(lambda: shapes.check_terms(document)) == terms
        assert outcome(lambda: shapes.checked_jcs(document)) == text


def paths(value: Any, path: Place = ()) -> list[Place]:
    """The places of a document's values, its own apart."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    if not isinstance(value, dict | list):
        return [path]
    below = [each for name, member in members for each in paths(member, (*path, name))]
    return [path, *below] if path else below


def changed(document: Json, path: Place, change: Callable[[Any, Any], None]) -> Json:
    """A copy of a document to one of whose values something was done, given its parent and key."""
    result = copy.deepcopy(document)
    parent: Any = result
    for name in path[:-1]:
        parent = parent[name]
    change(parent, path[-1])
    return result


def at(document: Json, path: Place) -> Any:
    """The value at a place."""
    value: Any = document
    for name in path:
        value = value[name]
    return value


def placed(value: Any) -> Callable[[Any, Any], None]:
    """The change that puts a value in another's place."""
    return lambda parent, name: parent.__setitem__(name, copy.deepcopy(value))


def taken_away(parent: Any, name: Any) -> None:
    """The change that takes a value away."""
    del parent[name]


def doubled(parent: Any, name: Any) -> None:
    """The change that says a thing twice."""
    parent[name] = [parent[name], copy.deepcopy(parent[name])]


@pytest.fixture(scope="module")
def learned() -> Shapes:
    """Shapes that know that of the sample, and all that the examples teach them."""
    shapes = Shapes()
    shapes.rdfc(SAMPLE)
    return shapes


def test_another_badge_of_the_achievement_is_only_filled_in() -> None:
    asked: list[str] = []

    def load(url: str) -> Json:
        asked.append(url)
        return contexts.load(url)

    shapes = Shapes(contexts=load)
    shapes.rdfc(SAMPLE)
    asked.clear()
    assert_same(shapes, badge(MINIMAL, pairwise_subject(UUID(int=2)), 2))
    assert not asked


TEXTS = [path for path in paths(SAMPLE) if isinstance(at(SAMPLE, path), str)]


@settings(max_examples=25, deadline=None)
@given(definitions, subjects, subjects, numbers, numbers, digests)
def test_badges_of_any_achievement_and_subject(
    given_definition: AchievementDefinition,
    subject: Subject,
    another: Subject,
    number: int,
    other_number: int,
    digest: Digest,
) -> None:
    shapes = Shapes()
    assert_same(shapes, badge(given_definition, subject, number), digest)
    assert_same(shapes, badge(given_definition, another, other_number), digest)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(TEXTS), texts, min_size=1, max_size=4), digests)
def test_any_text_in_any_place(learned: Shapes, replaced: dict[Place, str], digest: Digest) -> None:
    document = SAMPLE
    for path, text in replaced.items():
        document = changed(document, path, placed(text))
    assert_same(learned, document, digest)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(TEXTS), min_size=2, max_size=2), digests)
def test_texts_equal_to_others_of_the_document(
    learned: Shapes, chosen: list[Place], digest: Digest
) -> None:
    one, other = chosen
    assert_same(learned, changed(SAMPLE, one, placed(at(SAMPLE, other))), digest)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(paths(SAMPLE)),
            st.sampled_from([taken_away, doubled])
            | st.sampled_from(
                [
                    *HOSTILE,
                    *(1, 1.0, True, "1", None, [], {}, [[]], 2**53, float("nan")),
                    *(
                        {"id": "urn:uuid:x"},
                        {"@id": "did:web:x"},
                        {"@value": "x"},
                        {"@list": ["x"]},
                    ),
                    {"@value": "x", "@language": "pl"},
                    {"@value": {"@id": "https://x"}, "@type": "@json"},
                    {"type": "Evidence", "narrative": "x"},
                    {"@context": {"name": "urn:name"}, "name": "x"},
                    {"@graph": [{"id": "urn:x", "name": "x"}]},
                ]
            ).map(placed),
        ),
        min_size=1,
        max_size=2,
    )
)
def test_any_change(learned: Shapes, changes: list[tuple[Place, Any]]) -> None:
    document = SAMPLE
    for path, change in changes:
        try:
            document = changed(document, path, change)
        except (AttributeError, KeyError, IndexError, TypeError):
            # What stood there was changed already.
            continue
    assert_same(learned, document)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "ż\n", ""]), min_size=1, max_size=5), digests)
def test_nodes_without_ids_that_may_be_alike(narratives: list[str], digest: Digest) -> None:
    shapes = Shapes()
    for given_narratives in (["x", "y", "z", "u", "v"][: len(narratives)], narratives):
        nodes = [{"type": ["Evidence"], "narrative": each} for each in given_narratives]
        assert_same(shapes, SAMPLE | {"evidence": nodes}, digest)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["urn:uuid:a", "urn:uuid:b", "did:web:x"]), min_size=4, max_size=4))
def test_nodes_with_ids_that_may_be_one(ids: list[str]) -> None:
    shapes = Shapes()
    for given_ids in (["urn:uuid:1", "urn:uuid:2", "urn:uuid:3", "did:web:4"], ids):
        nodes = [
            {"id": id_, "type": ["Evidence"], "narrative": "x", "genre": genre}
            for id_, genre in zip(given_ids, "aabb", strict=True)
        ]
        assert_same(shapes, SAMPLE | {"evidence": nodes})


def test_texts_in_a_list_keep_their_order(learned: Shapes) -> None:
    scheme = {"id": "urn:uuid:r", "type": ["ResultDescription"], "name": "Ocena"}
    for allowed in (["3", "4", "5"], ["5", "4", "3"], ["5", "5", "5"], ["", "5", ""]):
        described = scheme | {"resultType": "LetterGrade", "allowedValue": allowed}
        place = ("credentialSubject", "achievement", "resultDescription")
        assert_same(learned, changed(SAMPLE, place, placed([described])))
