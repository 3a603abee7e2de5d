"""Which documents are filled in, and which take the whole way; the bytes are in tests/property."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import rfc8785

from registry.formats import canonical, contexts, rdf
from registry.formats.canonical import CanonicalisationError, UndefinedTermError
from registry.formats.contexts import CREDENTIALS_V2, OPEN_BADGES_V3
from registry.formats.rdf import Digest, Quad
from registry.formats.shape_learning import MARK
from registry.formats.shapes import Shapes

Json = dict[str, Any]


class Watched:
    """Contexts and a canonicaliser that count how often JSON-LD and RDF are processed."""

    def __init__(self) -> None:
        self.read = 0
        self.canonicalised = 0

    def load(self, url: str) -> Json:
        """Return a context; each expansion asks for one."""
        self.read += 1
        return contexts.load(url)

    def canonicalise(self, quads: Collection[Quad], *, digest: Digest = "sha256") -> bytes:
        """Return the canonical form of a dataset."""
        self.canonicalised += 1
        return rdf.canonicalise(quads, digest=digest)

    def shapes(self, **options: Any) -> Shapes:
        """Return shapes that are watched."""
        return Shapes(contexts=self.load, canonicalise=self.canonicalise, **options)

    def was_asked(self) -> bool:
        """Say whether anything was processed since this was asked last."""
        found = self.read + self.canonicalised
        self.read = self.canonicalised = 0
        return found > 0


def badge(name: str = "Żeglowanie", **members: Any) -> Json:
    """A badge in which only a text differs from others."""
    return {
        "@context": [CREDENTIALS_V2, OPEN_BADGES_V3],
        "id": "urn:uuid:7c2f1c0e-6a3c-4d7e-9a51-0e2c8f1b6d3a",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "did:web:issuer.example", "type": ["Profile"], "name": "Uczelnia"},
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://issuer.example/achievements/1",
                "type": ["Achievement"],
                "name": name,
                "criteria": {"narrative": "Egzamin."},
                "creditsAvailable": 1.5,
            },
        },
    } | members


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.mark.parametrize("digest", ["sha256", "sha384"])
def test_a_document_of_a_known_shape_is_only_filled_in(watched: Watched, digest: Digest) -> None:
    shapes = watched.shapes()
    shapes.rdfc(badge())
    assert watched.was_asked()
    assert shapes.rdfc(badge("Sailing"), digest=digest) == canonical.rdfc(
        badge("Sailing"), digest=digest
    )
    shapes.check_terms(badge("Segeln"))
    assert not watched.was_asked()


def test_terms_of_a_known_shape_are_not_looked_up_again(watched: Watched) -> None:
    shapes = watched.shapes()
    shapes.check_terms(badge())
    assert watched.was_asked()
    shapes.check_terms(badge("Sailing"))
    shapes.rdfc(badge("Segeln"))
    assert not watched.was_asked()


def test_canonical_json_of_a_known_shape_needs_no_context(watched: Watched) -> None:
    shapes = watched.shapes()
    shapes.checked_jcs(badge())
    watched.was_asked()
    for name in ("Sailing", "Segeln"):
        assert shapes.checked_jcs(badge(name)) == canonical.jcs(badge(name))
    assert not watched.was_asked()


@pytest.mark.parametrize("number", [5, 5.0, 2.5, 1e21, 1e-7, -0.0, True, 2**53 - 1])
def test_numbers_of_a_known_shape_are_written_as_ecmascript_does(number: float) -> None:
    shapes = Shapes()
    for name in ("Segeln", "Sailing", "Żeglowanie"):
        document = badge(name)
        document["credentialSubject"]["achievement"]["creditsAvailable"] = number
        assert shapes.checked_jcs(document) == canonical.jcs(document)
        assert canonical.jcs(document) == rfc8785.dumps(document)


@pytest.mark.parametrize("name", [f"urn:{MARK}.0", f"{MARK}.0", f"{MARK}.99999", f'x"{MARK}.0'])
def test_names_that_look_like_places_for_texts_are_none(name: str) -> None:
    shapes = Shapes(contexts=lambda _url: {"@context": {"id": "@id", name: "urn:name"}})
    for text in ("a", "b", "c"):
        document = {"@context": ["urn:context"], "id": "urn:x", name: text}
        try:
            shapes.rdfc(document)
            assert shapes.checked_jcs(document) == canonical.jcs(document)
        except CanonicalisationError:
            continue


def test_a_shape_may_be_learned_the_second_time_only(watched: Watched) -> None:
    shapes = watched.shapes(learned_at=2)
    shapes.rdfc(badge())
    assert (watched.canonicalised, watched.was_asked()) == (1, True)
    shapes.rdfc(badge())
    assert watched.was_asked()
    shapes.rdfc(badge())
    assert not watched.was_asked()


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
def test_a_text_without_a_canonical_form_is_refused_in_a_known_shape(text: str) -> None:
    shapes = Shapes()
    shapes.rdfc(badge())
    with pytest.raises(CanonicalisationError):
        shapes.rdfc(badge(text))


@pytest.mark.parametrize(
    "other",
    [
        badge(awardedDate="2026-01-01"),
        badge(validFrom="2026-01-01T00:00:00Z"),
        badge(id="mailto:ola@example.org"),
        badge(id="relative"),
        badge(id="https://one.example\nhttps://other.example"),
        badge(type=["VerifiableCredential", "AchievementCredential"]),
        badge(type=["VerifiableCredential", "NoSuchCredential"]),
        badge(issuer={"id": "did:web:issuer.example", "type": ["Profile"], "url": "https://x"}),
    ],
)
def test_a_document_of_another_shape_takes_the_whole_way(watched: Watched, other: Json) -> None:
    shapes = watched.shapes()
    shapes.rdfc(badge())
    watched.was_asked()
    try:
        form = canonical.rdfc(other)
    except CanonicalisationError as error:
        with pytest.raises(type(error)):
            shapes.rdfc(other)
    else:
        assert shapes.rdfc(other) == form
    assert watched.was_asked()


@pytest.mark.parametrize(
    "document",
    [
        badge() | {"@context": [CREDENTIALS_V2, OPEN_BADGES_V3, {"colour": "urn:colour"}]},
        badge(evidence=[{"id": "_:a", "type": ["Evidence"]}]) | {"urn:p": {"@id": "_:a"}},
        {
            "@context": [CREDENTIALS_V2],
            "type": "VerifiablePresentation",
            "verifiableCredential": [badge()],
        },
    ],
    ids=["context written out", "node named twice", "graphs"],
)
def test_what_has_no_shape_takes_the_whole_way_and_is_soon_tried_no_more(
    watched: Watched, document: Json
) -> None:
    shapes = watched.shapes()
    form = canonical.rdfc(document)
    for _ in range(5):
        assert shapes.rdfc(document) == form
    watched.was_asked()
    assert shapes.rdfc(document) == form
    assert watched.canonicalised == 1


def test_documents_without_a_shape_do_not_keep_others_of_their_structure_from_having_one(
    watched: Watched,
) -> None:
    shapes = watched.shapes(learned_at=2)
    for _ in range(5):
        shapes.rdfc(badge(MARK))
    for number in range(30):
        shapes.rdfc(badge(f"name {number}"))
    watched.was_asked()
    shapes.rdfc(badge())
    assert not watched.was_asked()


def test_nodes_that_look_alike_are_compared_without_expanding_the_document_again(
    watched: Watched,
) -> None:
    def with_evidence(*narratives: str) -> Json:
        nodes = [{"type": ["Evidence"], "narrative": narrative} for narrative in narratives]
        return badge(evidence=nodes)

    shapes = watched.shapes()
    shapes.rdfc(with_evidence("a", "b"))
    watched.was_asked()
    form = shapes.rdfc(with_evidence("c", "c"))
    assert form == canonical.rdfc(with_evidence("c", "c"))
    assert (watched.read, watched.canonicalised) == (0, 1)


def test_an_undefined_term_is_never_learned_to_be_right() -> None:
    shapes = Shapes()
    for _ in range(4):
        with pytest.raises(UndefinedTermError):
            shapes.check_terms(badge(noSuchTerm="x"))


def test_an_empty_array_may_not_be_signed_though_its_terms_are_right() -> None:
    shapes, document = Shapes(), badge(evidence=[])
    for _ in range(3):
        shapes.check_terms(document)
        with pytest.raises(CanonicalisationError):
            shapes.rdfc(document)


def test_shapes_asked_for_longest_ago_are_forgotten(watched: Watched) -> None:
    shapes = watched.shapes(max_size=8_000)
    documents = [badge(**{f"urn:p{number}": "x"}) for number in range(8)]
    for document in documents:
        shapes.rdfc(document)
    watched.was_asked()
    shapes.rdfc(documents[-1])
    assert not watched.was_asked()
    shapes.rdfc(documents[0])
    assert watched.was_asked()


def test_a_document_too_large_to_be_met_again_is_not_learned(watched: Watched) -> None:
    shapes = watched.shapes()
    document = badge("x" * 200_000)
    shapes.rdfc(document)
    watched.was_asked()
    shapes.rdfc(document)
    assert watched.was_asked()


def test_a_context_that_could_explain_an_identifier_makes_no_shape() -> None:
    terms = {"tag": {"@id": "urn:tag", "@type": "@vocab"}, "https://example.org/b": None}

    def load(url: str) -> Json:
        return {"@context": {"id": "@id"} | terms}

    shapes = Shapes(contexts=load)
    document = {"@context": ["urn:context"], "id": "urn:x", "tag": "https://example.org/a"}
    assert shapes.rdfc(document) == canonical.rdfc(document, contexts=load)
    # This one is a term, and means nothing.
    document["tag"] = "https://example.org/b"
    with pytest.raises(CanonicalisationError):
        canonical.rdfc(document, contexts=load)
    with pytest.raises(CanonicalisationError):
        shapes.rdfc(document)


def test_threads_share_shapes() -> None:
    shapes = Shapes()
    names = [f"name {number % 7}" for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        forms = list(pool.map(lambda name: shapes.rdfc(badge(name)), names))
    assert forms == [canonical.rdfc(badge(name)) for name in names]
