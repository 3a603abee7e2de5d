"""A document that takes too long costs its deadline and one process, and nothing after that."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from registry.domain.securing import KeyType
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.data_integrity import Cryptosuite, secure, verify_proof
from registry.formats.rdf import CanonicalisationError, Quad, Term, TooEntangledError, canonicalise
from registry.verification.killable import CanonicalisationTimeoutError, KillableCanonicaliser
from tests.unit.formats.signers import public_key, signer_of

P = Term("IRI", "urn:p")


def blank(label: object) -> Term:
    return Term("blank node", f"_:{label}")


def clique(size: int) -> list[Quad]:
    nodes = range(size)
    return [Quad(blank(a), P, blank(b), None) for a in nodes for b in nodes if a != b]


def pairs(count: int) -> list[Quad]:
    """Statements about as many nodes that do not look alike, one of them in a named graph."""
    texts = [Term("literal", str(number), "urn:t") for number in range(count)]
    quads = [Quad(blank(number), P, text, None) for number, text in enumerate(texts)]
    return [*quads, Quad(blank(0), P, blank(1), blank(2))]


@pytest.fixture
def canonicaliser() -> Iterator[KillableCanonicaliser]:
    """One that lets a graph work for hours, but for two seconds."""
    made = KillableCanonicaliser(deadline_seconds=2, max_work=10**12)
    yield made
    made.close()


def test_a_plain_document_needs_no_process(canonicaliser: KillableCanonicaliser) -> None:
    assert canonicaliser(pairs(40)) == canonicalise(pairs(40))
    assert canonicaliser.process_id is None


@pytest.mark.parametrize("quads", [clique(5), pairs(1_500)], ids=["entangled", "large"])
def test_a_child_gives_the_answer_this_process_would(
    canonicaliser: KillableCanonicaliser, quads: list[Quad]
) -> None:
    assert canonicaliser(quads) == canonicalise(quads)
    assert canonicaliser(quads, digest="sha384") == canonicalise(quads, digest="sha384")
    assert canonicaliser.process_id is not None


def test_a_child_is_killed_at_the_deadline_and_the_next_document_has_another(
    canonicaliser: KillableCanonicaliser,
) -> None:
    canonicaliser(clique(5))
    first = canonicaliser.process_id
    assert first is not None
    started = time.perf_counter()
    with pytest.raises(CanonicalisationTimeoutError):
        canonicaliser(clique(10))
    assert 2 <= time.perf_counter() - started < 4
    assert not psutil.pid_exists(first)
    assert canonicaliser(clique(5)) == canonicalise(clique(5))
    assert canonicaliser.process_id not in {None, first}


def test_a_child_is_kept_for_the_next_document(canonicaliser: KillableCanonicaliser) -> None:
    canonicaliser(clique(5))
    first = canonicaliser.process_id
    canonicaliser(clique(5))
    assert canonicaliser.process_id == first


def test_a_child_that_died_by_itself_is_replaced(canonicaliser: KillableCanonicaliser) -> None:
    canonicaliser(clique(5))
    child = psutil.Process(canonicaliser.process_id)
    child.kill()
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert canonicaliser(clique(5)) == canonicalise(clique(5))


def test_what_waits_for_a_busy_child_is_given_up_at_the_deadline_too(
    canonicaliser: KillableCanonicaliser,
) -> None:
    def attempt(_number: int) -> bool:
        with pytest.raises(CanonicalisationTimeoutError):
            canonicaliser(clique(10))
        return True

    started = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(attempt, range(4)))
    assert time.perf_counter() - started < 6


def test_it_takes_the_place_of_the_canonicaliser_in_a_signature() -> None:
    canonicaliser = KillableCanonicaliser()
    document = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": "did:web:issuer.example",
        "credentialSubject": [{"name": str(number)} for number in range(600)],
    }
    signer = signer_of(KeyType.P384)
    secured = secure(
        document,
        cryptosuite=Cryptosuite.ECDSA_RDFC_2019,
        signer=signer,
        created="2026-03-01T09:00:00Z",
        canonicalise=canonicaliser,
    )
    assert canonicaliser.process_id
    canonicaliser.close()
    verify_proof(secured, secured["proof"][0], public_key=public_key(KeyType.P384))


def test_threads_share_a_child_and_get_their_own_answers(
    canonicaliser: KillableCanonicaliser,
) -> None:
    graphs = [clique(5), pairs(1_200), clique(4), pairs(1_100)] * 3
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(canonicaliser, graphs)) == [canonicalise(graph) for graph in graphs]


def test_what_this_process_would_refuse_a_child_refuses_as_well() -> None:
    canonicaliser = KillableCanonicaliser()
    with pytest.raises(TooEntangledError):
        canonicaliser(clique(8))
    with pytest.raises(CanonicalisationError, match=r"U\+0000"):
        canonicaliser([*pairs(1_500), Quad(blank("z"), P, Term("literal", "\0", "urn:t"), None)])
    canonicaliser.close()


def test_little_work_is_never_done_elsewhere() -> None:
    canonicaliser = KillableCanonicaliser(max_work=1_000)
    with pytest.raises(TooEntangledError):
        canonicaliser(clique(8))
    assert canonicaliser.process_id is None


def test_a_closed_one_leaves_no_process_and_can_be_used_again() -> None:
    canonicaliser = KillableCanonicaliser()
    canonicaliser.close()
    canonicaliser(clique(5))
    child = canonicaliser.process_id
    canonicaliser.close()
    assert child is not None
    assert not psutil.pid_exists(child)
    assert canonicaliser(clique(5)) == canonicalise(clique(5))
    canonicaliser.close()
