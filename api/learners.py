"""Whom a credential is for, as requests say it, and what is made of that."""

from typing import Self

from pydantic import Field, model_validator

from api.auth import IssuerPrincipal
from api.bootstrap import Registry
from api.clock import now
from api.values import Body, Id, Instant, Line
from registry.domain.subject import IdentityType
from registry.issuance import Learner, Order
from registry.possession import KIND, Digest, Proof, verify_possession


class ProofBody(Body):
    """The learner's wallet signed a challenge."""

    challenge: str = Field(max_length=512, description="From POST /v1/subject-challenges.")
    signature: str = Field(
        max_length=128,
        description="Ed25519 over the challenge's ASCII bytes, base64url without padding.",
    )


class LearnerBody(Body):
    """A learner: by `email`, by `identifier` and its type, or by a `did` with proof of its key."""

    email: str | None = Field(default=None, max_length=320, examples=["learner@student.example"])
    identifier: str | None = Field(default=None, max_length=255, examples=["s123456"])
    identity_type: IdentityType | None = Field(default=None, examples=["identifier"])
    did: str | None = Field(default=None, max_length=255, examples=["did:key:z6Mk…"])
    proof: ProofBody | None = Field(default=None, description="With a `did`, and only then.")
    name: Line | None = Field(
        default=None, description="Kept for the issuer, encrypted; never in the badge."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.email, self.identifier, self.did]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("name the learner by email, by identifier or by did: one of them")
        if (self.identifier is None) != (self.identity_type is None):
            raise ValueError("identifier and identity_type go together")
        if (self.did is None) != (self.proof is None):
            raise ValueError("did and proof go together")
        return self

    def learner(self) -> Learner:
        """Return the learner; whether a DID was proved is checked apart."""
        if self.email is not None:
            return Learner(IdentityType.EMAIL_ADDRESS, self.email, name=self.name)
        return Learner(self.identity_type, self.identifier, self.did, self.name)


class Terms(Body):
    """How long a credential is valid, and the grade."""

    valid_from: Instant | None = Field(default=None, description="Now unless given.")
    valid_until: Instant | None = Field(default=None, description="No end unless given.")
    grade: str | None = Field(default=None, max_length=64, examples=["5.0"])


class NewCredential(Terms):
    """A credential to issue."""

    achievement_id: Id = Field(description="What is issued: an achievement of this issuer.")
    learner: LearnerBody
    supersedes: Id | None = Field(default=None, description="The credential it replaces.")


class Replacement(Terms):
    """A credential to issue in the place of another."""

    learner: LearnerBody
    achievement_id: Id | None = Field(default=None, description="The same unless given.")


def order_of(
    terms: NewCredential | Replacement, achievement_id: str, supersedes: str | None
) -> Order:
    """Return the order for a credential."""
    return Order(
        achievement_id,
        terms.learner.learner(),
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        grade=terms.grade,
        supersedes=supersedes,
    )


def check_possession(learner: LearnerBody, asker: IssuerPrincipal, registry: Registry) -> None:
    """Raise PossessionError unless a learner named by a DID proved its key."""
    if learner.did is None or learner.proof is None:
        return
    verify_possession(
        learner.did,
        Proof(learner.proof.challenge, learner.proof.signature),
        issuer_id=asker.issuer_id,
        now=now(),
        digest=challenge_digest(asker, registry),
    )


def challenge_digest(asker: IssuerPrincipal, registry: Registry) -> Digest:
    """Return the keyed digest that this issuer's challenges are made with."""
    return lambda data: registry.vault.keyed_digest(asker.issuer_id, KIND, data)
