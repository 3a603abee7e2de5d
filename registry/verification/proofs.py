"""Check every proof of a document (VC Data Integrity 1.0 §4.4, §4.5).

Others than its issuer may add proofs to a credential (§2.1.1, §2.1.2), which then must hold as
well. They say who countersigned, and never stand in for the issuer's own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from registry.formats import canonical, data_integrity, ed25519_signature_2020
from registry.formats.canonical import ContextLoader
from registry.formats.multikey import PublicKey
from registry.formats.one_or_many import values_of
from registry.formats.proof_options import unnamed_members
from registry.formats.shapes import Forms
from registry.verification.checks import failed, passed, unknown
from registry.verification.instants import (
    InstantError,
    is_over,
    is_to_come,
    parse_proof_instant,
)
from registry.verification.owners import Owner
from registry.verification.report import Check, CheckError, Outcome
from registry.verification.roles import ISSUER
from registry.verification.structure import Document

# Each proof may cost a canonicalisation of the whole document.
MAXIMUM_PROOFS: Final = 8

_NAME: Final = "proof"

Proof = dict[str, Any]


@dataclass(frozen=True)
class Means:
    """What proofs are verified with: contexts, canonical forms and a time, both with bounds."""

    contexts: ContextLoader
    forms: Forms
    is_time_up: Callable[[], bool] = bool

    def require_time(self) -> None:
        """Raise `CheckError` with outcome unknown where no more may be done for the document."""
        if self.is_time_up():
            raise unknown(_NAME, "out-of-time", looked_at="the document")


def check_proofs(document: Document, owner: Owner, *, means: Means) -> Sequence[Check]:
    """Report on each proof; every one must be by a key its owner authorised for the purpose.

    At least one must be by `owner`. The countersigners of a credential come after.
    """
    proofs = values_of(document["proof"])
    if len(proofs) > MAXIMUM_PROOFS:
        error = unknown(_NAME, "too-many-proofs", looked_at="proof", most=MAXIMUM_PROOFS)
        return [error.check]
    if any(proof in proofs[:position] for position, proof in enumerate(proofs)):
        return [failed(_NAME, "duplicate-proof", looked_at="proof").check]
    # Of proofs by others alone, each is refused as not the owner's.
    own = [proof for proof in proofs if not _may_countersign(proof, owner)] or proofs
    one = _OneProof(document, owner, means)
    checks = [one.check(proof) for proof in own]
    others = [proof for proof in proofs if proof not in own]
    # Nobody's DID document is fetched for a document that is not known to be its issuer's.
    is_owners = all(check.outcome is Outcome.PASSED for check in checks)
    look = one.countersignature if is_owners else _not_checked
    return [*checks, *map(look, others)]


def own_proofs(document: Document, did: str) -> Sequence[Proof]:
    """Return the proofs of a document that name a key of `did`."""
    proofs = values_of(document.get("proof"))
    return [proof for proof in proofs if _signer(proof) == did]


def _signer(proof: Proof) -> str | None:
    """Return the DID whose key a proof names."""
    method = proof.get("verificationMethod")
    return method.partition("#")[0] if isinstance(method, str) else None


def _may_countersign(proof: Proof, owner: Owner) -> bool:
    """Say whether a proof names somebody else's key; only the holder signs a presentation."""
    return owner.role is ISSUER and _signer(proof) not in {None, owner.did}


def _not_checked(proof: Proof) -> Check:
    method = str(proof["verificationMethod"])
    return unknown(_NAME, "countersignature-not-checked", looked_at=method, key=method).check


@dataclass(frozen=True)
class _OneProof:
    """The check of one proof of a document."""

    document: Document
    owner: Owner
    means: Means

    def check(self, proof: Proof) -> Check:
        try:
            _require_supported(proof)
            _require_named_members(proof)
            self._require_purpose(proof)
            self._require_chain(proof)
            method = proof.get("verificationMethod")
            key = self.owner.key(method)
            _require_timely(proof, now=self.owner.now)
            self.means.require_time()
            self._require_signature(proof, key)
            self._require_same_contexts(proof)
        except CheckError as error:
            return error.check
        return passed(_NAME, "signature-verified", looked_at=str(method))

    def countersignature(self, proof: Proof) -> Check:
        """Report on a proof by somebody else, whose own DID document has to allow it."""
        signer = str(_signer(proof))
        try:
            check = replace(self, owner=self.owner.another(signer)).check(proof)
        except CheckError as error:
            return error.check
        if check.outcome is not Outcome.PASSED:
            return check
        return passed(_NAME, "countersigned", looked_at=check.looked_at, signer=signer)

    def _require_purpose(self, proof: Proof) -> None:
        purpose, expected = proof.get("proofPurpose"), self.owner.role.purpose
        if purpose != expected:
            where = "proof.proofPurpose"
            code = "wrong-proof-purpose"
            raise failed(_NAME, code, looked_at=where, purpose=purpose, expected=expected)

    def _require_chain(self, proof: Proof) -> None:
        """Refuse a proof that builds on one which is not there, or not there once."""
        ids = [other.get("id") for other in values_of(self.document["proof"])]
        names = values_of(proof.get("previousProof", []))
        if ("previousProof" in proof and not names) or any(ids.count(name) != 1 for name in names):
            raise failed(_NAME, "proof-chain-broken", looked_at="proof.previousProof")

    def _require_signature(self, proof: Proof, key: PublicKey) -> None:
        try:
            self._verify(proof, key)
        except data_integrity.ProofError as error:
            raise _unproven(error) from error

    def _verify(self, proof: Proof, key: PublicKey) -> None:
        verify = (
            ed25519_signature_2020.verify_proof
            if proof["type"] == ed25519_signature_2020.TYPE
            else data_integrity.verify_proof
        )
        verify(
            self.document,
            proof,
            public_key=key,
            purpose=self.owner.role.purpose,
            shapes=self.means.forms,
        )

    def _require_same_contexts(self, proof: Proof) -> None:
        """Refuse contexts that came after a JCS proof, which its suite lets pass (§3.3.2).

        What is read here is the document with all of its contexts, and those were not signed.
        """
        if "@context" in proof and proof["@context"] != self.document.get("@context"):
            raise unknown(_NAME, "contexts-added-since", looked_at="proof.@context")


def _require_supported(proof: Proof) -> None:
    kind, suite = proof.get("type"), proof.get("cryptosuite")
    if kind == ed25519_signature_2020.TYPE:
        return
    if kind != "DataIntegrityProof":
        raise unknown(_NAME, "proof-type-not-supported", looked_at="proof.type", type=kind)
    if suite not in list(data_integrity.Cryptosuite):
        code = "cryptosuite-not-supported"
        raise unknown(_NAME, code, looked_at="proof.cryptosuite", suite=suite)


def _require_named_members(proof: Proof) -> None:
    """Refuse a proof over a graph in which a time could stand under another name."""
    is_older = proof["type"] == ed25519_signature_2020.TYPE
    if not is_older and not data_integrity.Cryptosuite(proof["cryptosuite"]).is_rdfc:
        return
    for name in unnamed_members(proof):
        raise unknown(_NAME, "proof-member-not-known", looked_at="proof", member=name)


def _require_timely(proof: Proof, *, now: datetime) -> None:
    """Refuse a proof of the future, one that has expired, and times that cannot be read (§2.1)."""
    if is_to_come(_instant(proof, "created"), now=now):
        created = proof["created"]
        raise unknown(_NAME, "proof-of-the-future", looked_at="proof.created", created=created)
    if is_over(_instant(proof, "expires"), now=now):
        until = proof["expires"]
        raise failed(_NAME, "proof-expired", looked_at="proof.expires", until=until)


def _instant(proof: Proof, name: str) -> datetime | None:
    try:
        return parse_proof_instant(proof[name]) if name in proof else None
    except InstantError as error:
        raise failed(_NAME, "malformed-proof", looked_at=f"proof.{name}") from error


def _unproven(error: data_integrity.ProofError) -> CheckError:
    """Tell a wrong signature from a document whose signature cannot be looked at."""
    match error:
        case data_integrity.DataLossError():
            return _undefined(error.terms)
        case data_integrity.ProofTransformationError():
            return _not_canonicalisable()
        case _:
            return failed(_NAME, "wrong-signature", looked_at="proof.proofValue")


def not_readable(error: Exception) -> CheckError:
    """Return what to report of a document that some word or its graph makes unreadable."""
    if isinstance(error, canonical.UndefinedTermError):
        return _undefined(error.terms)
    return _not_canonicalisable()


def _undefined(terms: Sequence[str]) -> CheckError:
    return failed(_NAME, "undefined-term", looked_at="@context", terms=list(terms))


def _not_canonicalisable() -> CheckError:
    return unknown(_NAME, "not-canonicalisable", looked_at="the document")
