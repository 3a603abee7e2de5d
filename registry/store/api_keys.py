"""API keys: who may ask for what. Only the SHA-256 of a key's random secret is stored."""

import hashlib
import hmac
import secrets as random
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from registry.domain.errors import InvalidValueError, NotFoundError, RegistryError
from registry.sharding import ElsewhereError
from registry.store.database import Database
from registry.store.tables import api_keys

PREFIX = "rk"
SHARDED_PREFIX = "rks"
"""Of the tokens of a shard, whose name follows: `rks_SHARD_…`, so that a proxy can tell it."""

ACTOR_PREFIX = "api-key:"
"""How the holder of a key is named in events, before the key's id."""

# Every request asks it; to make it anew each time would take a third of the time.
_BY_ID = select(api_keys).where(api_keys.c.key_id == bindparam("key_id"))

DEFAULT_LIFETIME = timedelta(days=365)


class Role(StrEnum):
    """What a key opens: everything an operator does, one issuer's work, or reading all."""

    OPERATOR = "operator"
    ISSUER = "issuer"
    AUDITOR = "auditor"


class CredentialsRefusedError(RegistryError):
    """The API key is missing, wrong, expired or withdrawn."""


class KeyElsewhereError(ElsewhereError):
    """The API key or access token belongs to another shard."""


class UnknownApiKeyError(NotFoundError):
    """There is no such API key."""


@dataclass(frozen=True)
class Principal:
    """Who is asking: the key's id, its role and, for an issuer's key, the issuer."""

    actor: str
    role: Role
    issuer_id: str | None


@dataclass(frozen=True)
class ApiKey:
    """A key without its secret."""

    key_id: str
    role: Role
    issuer_id: str | None
    label: str
    created_at: str
    expires_at: str
    withdrawn_at: str | None


class ApiKeys:
    """The table of keys; their tokens name the `shard` they are made in, if it has a name."""

    def __init__(self, database: Database, *, shard: str | None = None) -> None:
        self._database = database
        self._shard = shard

    def create(
        self, role: Role, *, issuer_id: str | None, label: str, at: str, expires_at: str
    ) -> tuple[ApiKey, str]:
        """Make a key and return it with the token, which is shown this once."""
        if (role is Role.ISSUER) != (issuer_id is not None):
            raise InvalidValueError(
                "an issuer's key names its issuer, no other key does", field="issuer_id"
            )
        if expires_at <= at:
            raise InvalidValueError("the end date is not in the future", field="expires_at")
        key_id, secret = random.token_hex(8), random.token_urlsafe(32)
        key = ApiKey(key_id, role, issuer_id, label, at, expires_at, None)
        with self._database.writing() as connection:
            row = {**vars(key), "role": role.value, "secret_hash": _hash(secret)}
            connection.execute(insert(api_keys), [row])
        return key, in_shard(self._shard, f"{key_id}_{secret}", otherwise=PREFIX)

    def authenticate(self, token: str, *, at: str) -> Principal:
        """Return who holds `token`; raises CredentialsRefusedError without saying why not.

        Raises KeyElsewhereError for one of another shard that came here with no copy of it.
        """
        shard, rest = shard_in(token)
        prefix, key_id, secret = ([*rest.split("_", 2), "", "", ""])[:3]
        row = self._row(key_id)
        if row is None:
            check_shard_of_token(shard, here=self._shard)
        # The comparison runs for an unknown key too, so that both take the same time.
        known = row.secret_hash if row else _hash("")
        matches = hmac.compare_digest(known, _hash(secret))
        if not (row and matches and prefix == PREFIX and _is_living(row, at)):
            raise CredentialsRefusedError(
                "the API key is wrong, expired or withdrawn",
                field="Authorization",
                remedy="send: Authorization: Bearer rk_…, with a key that is still valid",
            )
        return _principal(row)

    def holder(self, key_id: str, *, at: str) -> Principal:
        """Return who holds a key that lives, without asking for its secret.

        For what was made for its holder, such as an access token; raises CredentialsRefusedError.
        """
        row = self._row(key_id)
        if row is None or not _is_living(row, at):
            raise CredentialsRefusedError(
                "the API key is expired or withdrawn", remedy="ask for another key"
            )
        return _principal(row)

    def withdraw(self, key_id: str, *, at: str) -> None:
        """End a key now; raises UnknownApiKeyError."""
        change = (
            update(api_keys)
            .where(api_keys.c.key_id == key_id, api_keys.c.withdrawn_at.is_(None))
            .values(withdrawn_at=at)
        )
        with self._database.writing() as connection:
            if connection.execute(change).rowcount == 0:
                raise UnknownApiKeyError(f"there is no living API key {key_id}", field="key_id")

    def all(self) -> list[ApiKey]:
        """Return every key, newest first, without secrets."""
        columns = [column for column in api_keys.c if column.name != "secret_hash"]
        query = select(*columns).order_by(api_keys.c.created_at.desc())
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [ApiKey(**{**row, "role": Role(row["role"])}) for row in rows]

    def _row(self, key_id: str) -> Row[Any] | None:
        with self._database.reading() as connection:
            return connection.execute(_BY_ID, {"key_id": key_id}).one_or_none()


def in_shard(shard: str | None, token: str, *, otherwise: str = "") -> str:
    """Return a token that names its shard, or after `otherwise` where that has no name."""
    if shard is None:
        return f"{otherwise}_{token}" if otherwise else token
    return f"{SHARDED_PREFIX}_{shard}_{token}"


def shard_in(token: str) -> tuple[str | None, str]:
    """Return the shard that a token names, and the token as a shard without a name has it."""
    prefix, _, rest = token.partition("_")
    if prefix != SHARDED_PREFIX:
        return None, token
    shard, _, rest = rest.partition("_")
    return shard, rest if "." in rest else f"{PREFIX}_{rest}"


def check_shard_of_token(shard: str | None, *, here: str | None) -> None:
    """Raise KeyElsewhereError for a token that names another shard."""
    if shard not in (None, here):
        raise KeyElsewhereError(
            f"the key was made in the shard {shard}", field="Authorization", shard=shard
        )


def _principal(row: Row[Any]) -> Principal:
    return Principal(f"{ACTOR_PREFIX}{row.key_id}", Role(row.role), row.issuer_id)


def _is_living(row: Row[Any], at: str) -> bool:
    return row.withdrawn_at is None and at < row.expires_at


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
