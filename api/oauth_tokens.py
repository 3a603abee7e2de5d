"""Access tokens: short-lived JWTs with a scope (RFC 9068), made and read by this registry alone.

They are signed with HMAC-SHA-256 under a key derived from the registry's own secret: who makes
them also reads them, so there is no public key to publish and none to mistake for a secret. The
algorithm is fixed; what a token's header says of it decides nothing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from registry.store.api_keys import (
    CredentialsRefusedError,
    Principal,
    Role,
    check_shard_of_token,
    in_shard,
    shard_in,
)

TOKEN_PATH = "/oauth/token"  # noqa: S105 - where tokens are given, not one of them
LIFETIME = timedelta(minutes=15)
ALL_WRITING = "write:/"
"""The scope that stands for every endpoint the key's role may use (VCALM 1.0, "OAuth 2.0")."""

ISSUE = "write:/credentials/issue"
STATUS = "write:/credentials/status"
STATUS_LISTS = "write:/status-lists"
VERIFY = "write:/credentials/verify"
VERIFY_PRESENTATION = "write:/presentations/verify"
SCOPE_MEANINGS = {
    ALL_WRITING: "Whatever the key's role may do.",
    ISSUE: "Issue credentials.",
    STATUS: "Change the status of credentials.",
    STATUS_LISTS: "Open status lists.",
    VERIFY: "Verify credentials.",
    VERIFY_PRESENTATION: "Verify presentations.",
}
"""Each scope, one an endpoint, and what it opens."""

_ALGORITHM = "HS256"
_TYPE = "at+jwt"
_MOST_CHARACTERS = 4_096


@dataclass(frozen=True)
class Grant:
    """What a token lets its bearer do: as which API key, and where."""

    key_id: str
    scopes: frozenset[str]


def scopes_open_to(role: Role) -> tuple[str, ...]:
    """Return the scopes that the holder of a key may ask for."""
    if role is Role.ISSUER:
        return tuple(SCOPE_MEANINGS)
    return (ALL_WRITING, VERIFY, VERIFY_PRESENTATION)


class AccessTokens:
    """Makes and reads tokens; `key` gives 32 bytes, and may have to ask the database for them."""

    def __init__(
        self, key: Callable[[], bytes], *, public_url: str, shard: str | None = None
    ) -> None:
        self._key = key
        self._public_url = public_url
        self._shard = shard

    def make(
        self,
        principal: Principal,
        *,
        key_id: str,
        scopes: Collection[str],
        now: datetime,
        randomness: bytes,
    ) -> str:
        """Return a token for the bearer of an API key; `randomness` tells it from all others."""
        claims = {
            "iss": self._public_url,
            "sub": principal.actor,
            "aud": self._audience(principal),
            "client_id": key_id,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
            "jti": randomness.hex(),
            "scope": " ".join(scopes),
        }
        header = {"alg": _ALGORITHM, "typ": _TYPE}
        return in_shard(self._shard, jwt.encode(header, claims, self._octets(), [_ALGORITHM]))

    def read(self, token: str, *, now: datetime) -> Grant:
        """Return what a token grants; raises CredentialsRefusedError without saying why not.

        Raises KeyElsewhereError for one of another shard that this one has no secret of.
        """
        shard, signed = shard_in(token)
        try:
            return self._read(signed, now)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            check_shard_of_token(shard, here=self._shard)
            raise CredentialsRefusedError(
                "the access token is wrong or expired",
                field="Authorization",
                remedy=f"ask for another at {TOKEN_PATH}",
            ) from error

    def _read(self, token: str, now: datetime) -> Grant:
        if len(token) > _MOST_CHARACTERS:
            raise ValueError("longer than any token made here")
        read = jwt.decode(token, self._octets(), [_ALGORITHM])
        if read.header.get("typ") != _TYPE:
            raise ValueError("not an access token")
        required = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": self._public_url},
            aud={"essential": True, "value": self._public_url},
            exp={"essential": True},
            client_id={"essential": True},
        )
        required.validate(read.claims)
        return Grant(str(read.claims["client_id"]), frozenset(str(read.claims["scope"]).split()))

    def _audience(self, principal: Principal) -> list[str]:
        """Name the instances of the VC API that the token is for (VCALM 1.0, "OAuth 2.0")."""
        if principal.issuer_id is None:
            return [self._public_url]
        return [self._public_url, f"{self._public_url}/issuers/{principal.issuer_id}"]

    def _octets(self) -> OctKey:
        return OctKey.import_key(self._key())
