"""Secure credentials as JSON Web Tokens, and read credentials and presentations from them.

Sources: Securing Verifiable Credentials using JOSE and COSE §3.1 (`vc+jwt`, `vp+jwt`), Open Badges
3.0 §8.2 (`JWT`), Verifiable Credentials Data Model 2.0 §4.13 (envelopes).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from registry.formats import contexts as bundled
from registry.formats import jws
from registry.formats.canonical import ContextLoader, ContextNotBundledError, jcs
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.jws import Jws
from registry.formats.one_or_many import as_list
from registry.formats.shapes import Forms, WholeWay
from registry.formats.signer import Signer
from registry.formats.stamps import parse_stamp
from registry.formats.strict_json import StrictJsonError, loads

Json = dict[str, Any]

CLAIMS: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "cnf"})
"""Claims of the token and not of the credential (RFC 7519 §4.1, RFC 7800, OpenID Connect)."""

VC_JWT: Final = "application/vc+jwt"
VP_JWT: Final = "application/vp+jwt"
JWT: Final = "application/jwt"

_CREDENTIAL: Final = "VerifiableCredential"
_PRESENTATION: Final = "VerifiablePresentation"
# The kinds of document that each `typ` can hold.
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "vc+jwt": frozenset({_CREDENTIAL}),
    "vp+jwt": frozenset({_PRESENTATION}),
    "jwt": frozenset({_CREDENTIAL, _PRESENTATION}),
}
_CONTENT: Final = {_CREDENTIAL: "vc", _PRESENTATION: "vp"}
_ENVELOPES: Final = {
    "EnvelopedVerifiableCredential": {VC_JWT, JWT},
    "EnvelopedVerifiablePresentation": {VP_JWT, JWT},
}
_DATA_URL: Final = re.compile(r"data:([^,;]*),([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
_LAST_SECOND: Final = 253_402_300_799


class VcJwtError(ValueError):
    """A token or an envelope does not hold one credential or presentation that agrees with it."""


class UnsupportedJwtError(VcJwtError):
    """A token or an envelope is of a kind that is not read here."""


class KeyNotNamedError(VcJwtError):
    """The header names no key by `kid`; a key that it brings along is nobody's (RFC 8725 §3.10)."""


@dataclass(frozen=True)
class VcJwt:
    """What a token says: the credential or presentation, and apart from it the token's claims.

    `kid` is the URL of the verification method whose key must verify the token.
    """

    document: Json
    claims: Json
    kid: str
    alg: str

    def instant(self, claim: str) -> datetime | None:
        """Return the instant of the claim "nbf", "exp" or "iat", None where there is none."""
        seconds = self.claims.get(claim)
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def secure(
    document: Json,
    *,
    signer: Signer,
    contexts: ContextLoader = bundled.load,
    shapes: Forms | None = None,
) -> str:
    """Return a credential as a compact JWS, which carries it unchanged (VC-JOSE-COSE §3.1.1).

    Every term must be defined by the contexts; raises as `canonical.rdfc` does, and VcJwtError for
    members that readers would take for claims of the token.
    """
    _check_securable(document, shapes or WholeWay(contexts))
    header = {"kid": signer.verification_method, "typ": "vc+jwt", "cty": "vc"}
    return jws.sign(header, jcs(document), signer)


def secure_open_badge(
    document: Json,
    *,
    signer: Signer,
    contexts: ContextLoader = bundled.load,
    shapes: Forms | None = None,
) -> str:
    """Return a badge as the VC-JWT of Open Badges 3.0 (§8.2.3, §8.2.4).

    The header has `alg`, `kid` and `typ` only. The claims repeat the issuer, the credential's id,
    its period in whole seconds and the subject's id, which must all be there; raises otherwise as
    `secure` does.
    """
    _check_securable(document, shapes or WholeWay(contexts))
    header = {"kid": signer.verification_method, "typ": "JWT"}
    return jws.sign(header, jcs(document | _open_badge_claims(document)), signer)


def read(token: Jws) -> VcJwt:
    """Return what a token holds, or raise VcJwtError; the signature is not looked at.

    A token's `typ` must be one for what it holds, so that none passes for another. `iss`, `jti` and
    `sub` must agree with the issuer (or holder), the id and the subject wherever both are there.
    `nbf` and `exp` must agree with the credential's period where `typ` is JWT or absent (Open
    Badges 3.0 §8.2.6); in `vc+jwt` they are the period of the signature (VC-JOSE-COSE §3.1.3).
    """
    payload = _payload(token)
    claims = {name: value for name, value in payload.items() if name in CLAIMS}
    document = {name: value for name, value in payload.items() if name not in CLAIMS}
    typ = _bare(token.header.get("typ", "JWT"))
    _check_kind(document, token.header, typ=typ)
    _check_claims(document, claims, has_period=typ == "jwt")
    kid = _key_id(token.header, document, claims, typ=typ)
    return VcJwt(document, claims, kid, str(token.header.get("alg")))


def envelope(
    token: str, *, media_type: str = VC_JWT, context: str | list[str] = CREDENTIALS_V2
) -> Json:
    """Return the JSON-LD object that carries a token in its `id` (VCDM 2.0 §4.13)."""
    is_presentation = media_type == VP_JWT
    kind = "EnvelopedVerifiablePresentation" if is_presentation else "EnvelopedVerifiableCredential"
    return {"@context": context, "id": f"data:{media_type},{token}", "type": kind}


def unenvelope(document: Json, *, contexts: ContextLoader = bundled.load) -> str:
    """Return the token in an enveloped credential or presentation, or raise VcJwtError.

    An envelope has a context, one type, and the token in its `id`: nothing else, since nothing
    else would be signed. Nor is its context, so that has to be the one that defines what an
    envelope is (VCDM 2.0 §4.13.1, §4.13.2), at most with others in the bundle after it.
    """
    if document.keys() != {"@context", "id", "type"}:
        raise VcJwtError("an envelope has the members @context, id and type only")
    _check_envelope_context(as_list(document["@context"]), contexts)
    media_type, token = _data_url(document["id"])
    if media_type not in _media_types(document["type"]):
        raise UnsupportedJwtError(f"{media_type[:100]!r} is not read in this kind of envelope")
    return token


def _check_envelope_context(given: list[Any], contexts: ContextLoader) -> None:
    if given[:1] != [CREDENTIALS_V2]:
        raise VcJwtError("the envelope's @context does not define what an envelope is")
    if not all(isinstance(context, str) for context in given):
        raise VcJwtError("the envelope's @context defines words of its own, which nobody signed")
    for url in given:
        try:
            contexts(url)
        except ContextNotBundledError as error:
            raise UnsupportedJwtError("the envelope's @context is not known here") from error


def _check_securable(document: Json, forms: Forms) -> None:
    if claims := (CLAIMS | {"vc", "vp"}) & document.keys():
        raise VcJwtError(f"the member {min(claims)!r} would be read as a claim of the token")
    forms.check_terms(document)


def _open_badge_claims(document: Json) -> Json:
    claims = {
        "iss": _id(document.get("issuer")),
        "jti": _id(document),
        "nbf": _numeric_date(document, "validFrom"),
        "sub": _id(document.get("credentialSubject")),
    }
    wanted = {"iss": "issuer", "jti": "id", "nbf": "validFrom", "sub": "credentialSubject.id"}
    missing = [wanted[claim] for claim, value in claims.items() if value is None]
    if missing:
        raise VcJwtError(f"a badge in this form needs {' and '.join(missing)}")
    if "validUntil" in document:
        claims["exp"] = _numeric_date(document, "validUntil")
    return claims


def _numeric_date(document: Json, name: str) -> int | None:
    if name not in document:
        return None
    moment = parse_stamp(document[name])
    if moment is None or moment.timestamp() < 0:
        raise VcJwtError(f"{name} is not an instant with a time zone, from 1970 on")
    return int(moment.timestamp())


def _payload(token: Jws) -> Json:
    try:
        payload = loads(token.payload)
    except StrictJsonError as error:
        raise VcJwtError(f"not JSON that every reader understands alike: {error}") from error
    if not isinstance(payload, dict):
        raise VcJwtError("the payload is not an object")
    if old := {"vc", "vp"} & payload.keys():
        raise UnsupportedJwtError(
            f"the claim {min(old)!r} is the form of version 1.1, which is not read here"
        )
    return payload


def _bare(media_type: object) -> str:
    """Return a `typ` or `cty` as it is compared (RFC 7515 §4.1.9)."""
    if not isinstance(media_type, str):
        raise VcJwtError("the header's typ or cty is not a string")
    return media_type.lower().removeprefix("application/")


def _check_kind(document: Json, header: Mapping[str, Any], *, typ: str) -> None:
    if typ not in _KINDS:
        raise UnsupportedJwtError(f"tokens of type {typ[:100]!r} are not read here")
    kinds = {_CREDENTIAL, _PRESENTATION}.intersection(_texts(document.get("type")))
    if len(kinds) != 1 or not kinds <= _KINDS[typ]:
        raise VcJwtError(f"the token's typ {typ!r} is not one for what it holds")
    if "cty" in header and _bare(header["cty"]) not in {_CONTENT[kind] for kind in kinds}:
        raise VcJwtError("the token's cty is not what it holds")


def _check_claims(document: Json, claims: Json, *, has_period: bool) -> None:
    subjects = as_list(document.get("credentialSubject", []))
    stated = {
        "iss": [_id(document.get("issuer", document.get("holder")))],
        "jti": [_id(document)],
        "sub": [_id(subject) for subject in subjects],
    }
    for claim, ids in stated.items():
        known = [value for value in ids if value is not None]
        if claim in claims and known and claims[claim] not in known:
            raise VcJwtError(f"the claim {claim!r} is not what the document says")
    for claim in {"nbf", "exp", "iat"} & claims.keys():
        _check_seconds(claim, claims[claim])
    if has_period:
        _check_period(document, claims)


def _check_seconds(claim: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise VcJwtError(f"the claim {claim!r} is not a number of seconds")
    if not 0 <= value <= _LAST_SECOND:
        raise VcJwtError(f"the claim {claim!r} is not within the years 1970 to 9999")


def _check_period(document: Json, claims: Json) -> None:
    for claim, name in {"nbf": "validFrom", "exp": "validUntil"}.items():
        seconds = _numeric_date(document, name) if claim in claims else None
        # Some write whole seconds and some do not.
        if seconds is not None and int(claims[claim]) != seconds:
            raise VcJwtError(f"the claim {claim!r} is not the document's {name}")


def _key_id(header: Mapping[str, Any], document: Json, claims: Json, *, typ: str) -> str:
    kid = header.get("kid")
    owner = claims.get("iss", _id(document.get("issuer", document.get("holder"))))
    if kid is None and typ == "jwt":
        return _only_key_of(str(owner))
    if not isinstance(kid, str):
        raise KeyNotNamedError(KeyNotNamedError.__doc__)
    # Within what its owner says, a key may be named by its fragment alone.
    return f"{owner}{kid}" if kid.startswith("#") else kid


def _only_key_of(did: str) -> str:
    """Return the id of the one key a DID has (Open Badges 3.0 §8.2.3 allows tokens without kid)."""
    if did.startswith("did:key:"):
        return f"{did}#{did.removeprefix('did:key:')}"
    if did.startswith("did:jwk:"):
        return f"{did}#0"
    raise KeyNotNamedError(KeyNotNamedError.__doc__)


def _data_url(url: object) -> tuple[str, str]:
    match = _DATA_URL.fullmatch(url) if isinstance(url, str) else None
    if match is None:
        raise VcJwtError("the envelope's id is not a data: URL of a media type and a compact JWS")
    return match[1], match[2]


def _media_types(kind: object) -> set[str]:
    [found] = as_list(kind) if len(as_list(kind)) == 1 else [None]
    if not isinstance(found, str) or found not in _ENVELOPES:
        raise VcJwtError("not of the one type of an enveloped credential or presentation")
    return _ENVELOPES[found]


def _id(value: object) -> str | None:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else None


def _texts(value: object) -> list[str]:
    return [item for item in as_list(value) if isinstance(item, str)]
