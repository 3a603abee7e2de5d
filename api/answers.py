"""What the registry answers with: the objects of the interface and how they are made."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from registry.domain.achievement import Achievement, Profile
from registry.domain.credential import Credential
from registry.domain.definition import missing_mandatory_elements, parse_definition
from registry.domain.issuer import Issuer
from registry.domain.issuer_keys import key_type_of
from registry.domain.profiles import GenericProfile, purposes_of
from registry.domain.securing import KeyType, Mechanism
from registry.issuance import achievement_url, list_url

T = TypeVar("T")

MECHANISM_HELP = (
    "How badges are secured, one of: the Data Integrity cryptosuites `eddsa-rdfc-2022` and "
    "`eddsa-jcs-2022`, and `ecdsa-rdfc-2019-` or `ecdsa-jcs-2019-` followed by the curve `p256` "
    "or `p384`; the JWTs of VC-JOSE-COSE, `vc-jwt-` followed by `ed25519`, `es256` or `es384`; "
    "the JWTs of Open Badges 3.0, `ob-jwt-es256` and `ob-jwt-rs256`."
)

JCS_WARNING = (
    "Badges of the suite eddsa-jcs-2022 are refused by VerifierPlus (verifier-core) and "
    "by openbadgeslib; eddsa-rdfc-2022 is read by both."
)


class Texts(BaseModel):
    """The same text in Polish and in English."""

    pl: str = Field(examples=["Uczelnia Przykładowa"])
    en: str = Field(examples=["Example University"])


class SigningKey(BaseModel):
    """A public key of an issuer."""

    key: str = Field(description="The public key as a Multikey.", examples=["z6Mk…"])
    type: KeyType
    verification_method: str = Field(description="Its id in proofs.", examples=["did:web:…#z6Mk…"])
    signs: bool = Field(description="False once retired or compromised.", examples=[True])
    compromised_since: str | None = Field(description="Since when others may have held it.")


class GenericIssuing(BaseModel):
    """How an issuer that may issue credentials of any kind secures them."""

    cryptosuite: Mechanism = Field(description=MECHANISM_HELP)
    purposes: list[str] = Field(description="For which status entries are added.")


class IssuerAnswer(BaseModel):
    """An issuer."""

    issuer_id: str = Field(examples=["0b8c2f6e-1d3a-8f4e-9a51-2f6d0c3b7e11"])
    did: str = Field(examples=["did:web:registry.example.org:issuers:0b8c2f6e-…"])
    name: Texts
    country: str = Field(description="ISO 3166-1 alpha-2.", examples=["PL"])
    url: str = Field(examples=["https://uczelnia.example"])
    also_known_as: list[str] = Field(description="Other URIs of the same organisation.")
    successor_id: str | None = Field(description="The issuer that carries on.")
    closed: bool = Field(description="True: it issues nothing more.", examples=[False])
    custodian_id: str | None = Field(description="Who changes statuses once it is closed.")
    keys: list[SigningKey] = Field(
        description="Oldest first; of each type the last that signs is in use."
    )
    generic: GenericIssuing | None = Field(description="Null: its own achievements only.")
    reason_codes: dict[str, Texts] = Field(description="What a status change may give as reason.")
    version: int = Field(examples=[2])


class AchievementAnswer(BaseModel):
    """A micro-credential's definition and how its badges are made."""

    achievement_id: str = Field(examples=["5a1f7c3e-0d2b-8c4a-b6e9-7f8d1c2b3a40"])
    issuer_id: str
    url: str = Field(description="Its public id, where anybody can read it.")
    definition: dict[str, Any] = Field(description="The newest version.")
    latest: int = Field(description="The number of the newest version.", examples=[1])
    language: str = Field(examples=["pl"])
    cryptosuite: Mechanism = Field(description=MECHANISM_HELP)
    profile: Profile
    withdrawn: bool = Field(examples=[False])
    missing: list[str] = Field(description="Elements of Annex I still missing; [] can be issued.")
    warnings: list[str]
    version: int = Field(examples=[1])


class StatusEntry(BaseModel):
    """Where verifiers look for the status."""

    purpose: str = Field(examples=["revocation"])
    url: str = Field(description="The status list.")
    index: int = Field(examples=[94567])


class CredentialAnswer(BaseModel):
    """A credential, without anything that names the learner."""

    credential_id: str = Field(examples=["7d9e4b1a-6c2f-8e3d-a5b4-1f0e9d8c7b6a"])
    issuer_id: str
    achievement_id: str | None = Field(description="Null: it was sent to be signed as it is.")
    achievement_version: int | None = Field(examples=[1])
    subject_ref: str = Field(description="This issuer's own random reference of the learner.")
    status: str = Field(description="active, suspended or revoked", examples=["active"])
    status_lists: list[StatusEntry]
    valid_from: str = Field(examples=["2026-01-31T12:00:00.000000Z"])
    valid_until: str | None
    suspended_until: str | None = Field(description="The promised end of a suspension.")
    supersedes: str | None = Field(description="The credential this one replaced.")
    superseded_by: str | None = Field(description="The credential that replaced this one.")
    issued_at: str = Field(examples=["2026-01-31T12:00:00.000000Z"])
    document_digest: str = Field(
        description="SHA-256 in hex of the signed document's RFC 8785 form, or of a JWT's text."
    )
    receipt_url: str = Field(description="Where its receipt is read, once it is logged.")
    receipt: str | None = Field(
        default=None, description="The receipt, where one credential is read that is logged."
    )
    version: int = Field(examples=[1])


class IssuedAnswer(BaseModel):
    """What was issued."""

    credential: CredentialAnswer
    document: dict[str, Any] = Field(
        description="The signed badge, Open Badges 3.0; a JWT as EnvelopedVerifiableCredential."
    )


class Listing(BaseModel, Generic[T]):
    """A page of a listing, newest first."""

    items: list[T]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="A URL that explains it.")
    title: str = Field(examples=["A revoked credential stays revoked."])
    status: int = Field(examples=[409])
    detail: str
    field: str | None = Field(default=None, description="What the refusal is about.")
    remedy: str | None = Field(default=None, description="What to do.")
    request_id: str
    errors: list[dict[str, Any]] | None = Field(default=None, description="Each fault, if several.")


def issuer_answer(issuer: Issuer) -> IssuerAnswer:
    """Show an issuer."""
    codes = issuer.reason_codes.items()
    return IssuerAnswer(
        issuer_id=str(issuer.id),
        did=issuer.did,
        name=Texts(pl=issuer.name_pl, en=issuer.name_en),
        country=issuer.country,
        url=issuer.url,
        also_known_as=issuer.aliases,
        successor_id=issuer.successor_id,
        closed=issuer.closed,
        custodian_id=issuer.custodian_id,
        keys=[
            SigningKey(
                key=key,
                type=key_type_of(key),
                verification_method=method,
                signs=issuer.signs(key),
                compromised_since=issuer.compromised.get(key),
            )
            for key, method in issuer.keys.items()
        ],
        generic=_generic(issuer.generic),
        reason_codes={code: Texts(pl=pl, en=en) for code, (pl, en) in codes},
        version=issuer.version,
    )


def _generic(profile: GenericProfile | None) -> GenericIssuing | None:
    if profile is None:
        return None
    return GenericIssuing(cryptosuite=profile.mechanism, purposes=list(profile.purposes))


def achievement_answer(achievement: Achievement, *, public_url: str) -> AchievementAnswer:
    """Show an achievement."""
    definition = achievement.definition(achievement.latest)
    mechanism = Mechanism(achievement.cryptosuite)
    return AchievementAnswer(
        achievement_id=str(achievement.id),
        issuer_id=achievement.issuer_id,
        url=achievement_url(public_url, str(achievement.id)),
        definition=definition,
        latest=achievement.latest,
        language=achievement.language,
        cryptosuite=mechanism,
        profile=achievement.profile,
        withdrawn=achievement.withdrawn,
        missing=list(missing_mandatory_elements(parse_definition(definition))),
        warnings=[JCS_WARNING] if mechanism is Mechanism.EDDSA_JCS_2022 else [],
        version=achievement.version,
    )


def credential_answer(credential: Credential, *, public_url: str) -> CredentialAnswer:
    """Show a credential as its events left it."""
    own = {
        "credential_id": str(credential.id),
        "status": credential.status.value,
        "suspended_until": credential.suspended_until,
        "superseded_by": credential.superseded_by,
        "issued_at": credential.issuance.recorded_at,
        "version": credential.version,
    }
    return credential_row_answer(vars(credential.issuance) | own, public_url=public_url)


def credential_row_answer(
    row: Mapping[str, Any] | RowMapping, *, public_url: str
) -> CredentialAnswer:
    """Show a row of the credentials view."""
    named = {name: row[name] for name in CredentialAnswer.model_fields if name in row}
    entries = [
        StatusEntry(
            purpose=purpose,
            url=list_url(public_url, row["list_id"], purpose),
            index=row["list_index"],
        )
        for purpose in purposes_of(row["profile"])
    ]
    receipt_url = f"{public_url}/v1/credentials/{row['credential_id']}/receipt"
    return CredentialAnswer(**named, status_lists=entries, receipt_url=receipt_url)


def etag(version: int) -> dict[str, str]:
    """Return the header that names a version."""
    return {"ETag": f'"{version}"'}
