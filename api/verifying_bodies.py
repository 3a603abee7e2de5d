"""What requests to the verifier's part of the VC API carry, and what they are answered."""

import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.values import Body
from api.vc_api_bodies import Document, Options


class VerifyOptions(Options):
    """What the answer has besides the verdict."""

    returnResults: bool = Field(
        default=False, description="Whether the answer tells of each part by itself."
    )
    returnProblemDetails: bool = Field(
        default=True, description="Whether the answer says what is wrong."
    )
    returnCredential: bool = Field(
        default=False, description="Whether the answer has what was sent."
    )
    checks: list[str] = Field(
        default=[],
        max_length=100,
        description="Taken from clients of earlier versions; everything is checked all the same.",
        examples=[["proof"]],
    )


class VerifyPresentationOptions(VerifyOptions):
    """What the presentation must have been made for."""

    challenge: str | None = Field(default=None, max_length=2_000, description="The one you gave.")
    domain: str | None = Field(default=None, max_length=2_000, description="Yours.")
    returnPresentation: bool = Field(
        default=False, description="Whether the answer has what was sent."
    )


class VerifyCredentialBody(Body):
    """A credential to verify."""

    verifiableCredential: Document | str = Field(
        description="With its proof, or an EnvelopedVerifiableCredential; a compact JWT too."
    )
    options: VerifyOptions = Field(default=VerifyOptions(), description="What is answered.")

    def document(self) -> bytes:
        """Return what is to be verified."""
        return _bytes(self.verifiableCredential)


class VerifyPresentationBody(Body):
    """A presentation to verify: `verifiablePresentation`, or without a proof `presentation`."""

    verifiablePresentation: Document | str | None = Field(
        default=None,
        description="With its proof, or an EnvelopedVerifiablePresentation; a compact JWT too.",
    )
    presentation: Document | None = Field(default=None, description="Without a proof.")
    options: VerifyPresentationOptions = Field(
        default=VerifyPresentationOptions(), description="What is asked and answered."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.verifiablePresentation is None) == (self.presentation is None):
            raise ValueError("send verifiablePresentation, or presentation: one of them")
        return self

    @property
    def given(self) -> Document | str:
        """What was sent."""
        return self.verifiablePresentation or self.presentation or {}

    def document(self) -> bytes:
        """Return what is to be verified."""
        return _bytes(self.given)


class ProblemDetails(BaseModel):
    """Something that is wrong (VCALM 1.0, "Error Handling")."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="The URL a specification gives this problem.")
    title: str = Field(examples=["CRYPTOGRAPHIC_SECURITY_ERROR"])
    detail: str = Field(description="For people, in the language of Accept-Language.")
    code: str = Field(description="For machines, finer than `type`.", examples=["wrong-signature"])


class IssuerStandingAnswer(BaseModel):
    """What the issuer's registry says of its accreditation; the verdict does not rest on it."""

    now: str = Field(examples=["accredited"])
    atIssuance: str = Field(examples=["withdrawn"])
    issuedAt: str | None = Field(description="When it was issued, as the credential says.")
    source: str = Field(description="The URL that was asked.")
    detail: list[str] = Field(description="For people, in the language of Accept-Language.")


class CredentialAnswer(BaseModel):
    """The verdict on a credential."""

    verified: bool
    verdict: str = Field(description="The verdict in a word.", examples=["valid"])
    issuerStanding: IssuerStandingAnswer | None = None
    credential: Document | str | None = None
    problemDetails: list[ProblemDetails] = []
    results: dict[str, Any] = {}


class PresentationAnswer(BaseModel):
    """The verdict on a presentation and on every credential in it."""

    verified: bool
    verdict: str = Field(description="The verdict in a word.", examples=["valid"])
    verifiablePresentation: Document | str | None = None
    problemDetails: list[ProblemDetails] = []
    results: dict[str, Any] = {}


def _bytes(given: Document | str) -> bytes:
    """Return a document as a verifier reads it; one that was parsed strictly has one meaning."""
    if isinstance(given, str):
        return given.encode()
    return json.dumps(given, ensure_ascii=False).encode()
