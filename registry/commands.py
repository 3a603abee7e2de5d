"""From a caller's request to a domain command: who, when, and how a repeat is recognised.

An Idempotency-Key becomes keyed digests: the `command_id`, and for what is created its very id.
They are keyed with a secret of the issuer's, because an unkeyed digest would let anyone who
knows how an issuer forms its keys (from a student's number, say) confirm a person.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from registry.domain.aggregate import Command
from registry.store.key_store import KeyStore

REGISTRY = "registry"
"""The actor, and the scope, of what the registry does by itself."""

SALT_BYTES = 16
SALTS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Caller:
    """Who asks (an opaque principal), under which idempotency key, having read which version."""

    actor: str
    idempotency_key: str | None = None
    expected_version: int | None = None

    def part(self, number: int) -> "Caller":
        """Return the caller of one row of a request that has many."""
        if self.idempotency_key is None:
            return self
        return replace(self, idempotency_key=f"{self.idempotency_key}#{number}")


class Commands:
    """Makes commands; `clock` gives aware instants, `entropy(n)` n random bytes."""

    def __init__(
        self,
        keys: KeyStore,
        *,
        clock: Callable[[], datetime],
        entropy: Callable[[int], bytes],
    ) -> None:
        self._keys = keys
        self.clock = clock
        self._entropy = entropy

    def make(self, caller: Caller, *, scope: str, operation: str, body: object) -> Command:
        """Return the command; `scope` names the secret, `body` is the request in plain JSON."""
        request = json.dumps(body, sort_keys=True).encode()
        return Command(
            recorded_at=self.clock(),
            actor=caller.actor,
            command_id=self._command_id(caller, scope, operation),
            request_digest=self._keys.keyed_digest(scope, f"request/{operation}", request).hex(),
            nonce=self._nonce,
            expected_version=caller.expected_version,
        )

    def own(self) -> Command:
        """Return a command of the registry's own, which is never repeated."""
        return Command(self.clock(), REGISTRY, self._nonce(), "", self._nonce)

    def new_id(self, caller: Caller, *, scope: str, operation: str) -> UUID:
        """Return the id of what the request creates: the same for the same idempotency key."""
        if caller.idempotency_key is None:
            return uuid8(self._entropy(16))
        key = caller.idempotency_key.encode()
        return uuid8(self._keys.keyed_digest(scope, f"id/{operation}", key)[:16])

    def salt(self) -> str:
        """Return 128 random bits in hex."""
        return self._nonce()

    def salts(self) -> Callable[[], str]:
        """Return a source of salts for one thread, which asks for random bits once for many.

        Each time they are asked for, other threads may take the interpreter, and keep it a while.
        """
        return _salts(self._entropy).__next__

    def pick(self, below: int) -> int:
        """Return a random number below another, which is far smaller than 2**64."""
        return int.from_bytes(self._entropy(16)) % below

    def _command_id(self, caller: Caller, scope: str, operation: str) -> str:
        if caller.idempotency_key is None:
            return self._nonce()
        return self._keys.keyed_digest(
            scope, f"command/{operation}", caller.idempotency_key.encode()
        ).hex()

    def _nonce(self) -> str:
        return self._entropy(SALT_BYTES).hex()


def _salts(entropy: Callable[[int], bytes]) -> Iterator[str]:
    while True:
        block = entropy(SALTS_AT_ONCE * SALT_BYTES)
        for first in range(0, len(block), SALT_BYTES):
            yield block[first : first + SALT_BYTES].hex()


def issuer_scope(issuer_id: str) -> str:
    """Name the secret under which one issuer's requests are digested."""
    return f"issuer/{issuer_id}"


def uuid8(data: bytes) -> UUID:
    """Put 122 of the given bits into a UUID of version 8 (RFC 9562 §5.8)."""
    value = int.from_bytes(data, "big")
    value = value & ~(0xF << 76) | 0x8 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
