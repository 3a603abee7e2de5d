"""Say what a signature is for: the issuer's assertion, or the holder's authentication."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from registry.formats import did
from registry.formats.multikey import PublicKey
from registry.verification.checks import failed, unknown

DidDocument = dict[str, Any]


class _KeyLookup(Protocol):
    def __call__(
        self, document: DidDocument, verification_method: str, *, now: datetime | None
    ) -> PublicKey: ...


@dataclass(frozen=True)
class Role:
    """The part a signer plays: `owner` is issuer or holder, `purpose` what its keys are for."""

    owner: str
    purpose: str
    find_key: _KeyLookup
    found: str
    not_theirs: str


ISSUER: Final = Role(
    "issuer", "assertionMethod", did.assertion_key, "issuer-found", "key-not-the-issuers"
)
HOLDER: Final = Role(
    "holder", "authentication", did.authentication_key, "holder-found", "key-not-the-holders"
)


def authorised_key(
    method: object, owner_document: DidDocument, *, role: Role, now: datetime
) -> PublicKey:
    """Return the key that its owner allows to sign in this role; raises `CheckError`."""
    if not isinstance(method, str):
        raise failed("proof", "key-not-named", looked_at="proof.verificationMethod")
    if method.partition("#")[0] != owner_document["id"]:
        raise failed("proof", role.not_theirs, looked_at=method, key=method)
    try:
        return role.find_key(owner_document, method, now=now)
    except did.KeyNotSupportedError as error:
        code = "key-type-not-supported"
        raise unknown("proof", code, looked_at=method, key=method, type=error.kind) from error
    except did.DidError as error:
        raise failed("proof", "key-not-authorised", looked_at=method, key=method) from error
