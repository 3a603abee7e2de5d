"""Read and extend the proofs of a document: sets and chains (VC Data Integrity 1.0 §4.3, §4.5)."""

from collections.abc import Collection, Sequence
from typing import Any

from registry.formats.one_or_many import as_list
from registry.formats.proof_errors import ProofError, ProofGenerationError

Proof = dict[str, Any]


def proofs(document: dict[str, Any]) -> list[Proof]:
    """Return a document's proofs, whether it gives none, one or an array of them."""
    found = as_list(document.get("proof", []))
    if not all(isinstance(item, dict) for item in found):
        raise ProofError("a proof is not an object")
    return found


def appended(document: dict[str, Any], proof: Proof) -> dict[str, Any]:
    """Return a new document whose array of proofs ends with one more."""
    present = proofs(document)
    if "id" in proof and any(other.get("id") == proof["id"] for other in present):
        raise ProofGenerationError(f"the document has a proof {proof['id']!r} already")
    return document | {"proof": [*present, proof]}


def signed_part(document: dict[str, Any], proof: Proof) -> dict[str, Any]:
    """Return what of a document a proof covers: all but its proofs, save those it builds on.

    Raises ProofError for a previous proof that is missing, bears an id of several, or is built on
    this one in turn.
    """
    unsecured = {key: value for key, value in document.items() if key != "proof"}
    if "previousProof" not in proof:
        return unsecured
    present = proofs(document)
    _check_acyclic(proof, present)
    names = previous_names(proof)
    return unsecured | {"proof": [other for other in present if other.get("id") in names]}


def previous_names(proof: Proof) -> Sequence[str]:
    """Return the ids of the proofs a proof builds on, none for one that stands alone."""
    names = as_list(proof.get("previousProof", []))
    if not all(isinstance(name, str) for name in names) or ("previousProof" in proof and not names):
        raise ProofError("previousProof is not the id of a proof, or several")
    return names


def _check_acyclic(proof: Proof, present: Collection[Proof]) -> None:
    """Follow a chain to its beginnings, which every path must reach without meeting its end."""
    rest, met = list(previous_names(proof)), set[str]()
    while rest:
        name = rest.pop()
        if name == proof.get("id"):
            raise ProofError(f"the proof {name!r} is built on itself")
        if name not in met:
            met.add(name)
            rest += previous_names(_named(name, present))


def _named(name: str, present: Collection[Proof]) -> Proof:
    found = [proof for proof in present if proof.get("id") == name]
    if len(found) != 1:
        raise ProofError(f"the document has {len(found) or 'no'} proofs {name[:100]!r}")
    return found[0]
