"""The press: one new version of one list. Encode, gate, sign, store, record, swap.

The bytes are stored by their digest before the event that names them and become current after
it: nothing is served that the history does not hold.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from bitarray import bitarray

from projections import gate
from projections.gate import Candidate, Change
from projections.list_documents import MEDIA_TYPE, ListTerms, signed_bytes, unsigned
from projections.publish_folder import PublishedVersion, PublishFolder, list_name
from projections.status_changes import ListKey
from registry.domain.errors import NoSigningKeyError
from registry.domain.events import Event, StatusListPublished
from registry.domain.instants import document_instant, instant, parse_instant
from registry.domain.status_list import publication_id
from registry.formats import bitstring
from registry.formats.data_integrity import Cryptosuite
from registry.formats.signer import Signer


class OpenSigner(Protocol):
    """Opens the private half of an issuer's key; raises SecretMissingError."""

    def __call__(self, issuer_id: str, key: str, *, verification_method: str) -> Signer: ...


SMALLEST_STEP = timedelta(milliseconds=1)
"""How much later than its predecessor a version is signed at least, whatever the clock says."""


@dataclass(frozen=True)
class Terms:
    """How long a published list is good for, and how long a verifier may keep it."""

    validity: timedelta = timedelta(hours=24)
    ttl: timedelta = timedelta(seconds=300)


@dataclass(frozen=True)
class ArrayState:
    """One list as folded up to `position`, without its bits, and its issuer as of then.

    `key` is the public half (Multikey) of what signs for the issuer, None where nothing does.
    """

    list_key: ListKey
    issuer_id: str
    did: str
    key: str | None
    cryptosuite: str
    size: int
    opened_position: int
    changed_position: int
    position: int


@dataclass(frozen=True)
class _Version:
    """A signed version that is yet to be recorded."""

    number: int
    terms: ListTerms
    encoder: str
    body: bytes
    proof_value: str


class Press:
    """Makes versions; `append` records an event, `open_signer` opens a key of an issuer's."""

    def __init__(
        self,
        *,
        append: Callable[[Event], int],
        folder: PublishFolder,
        open_signer: OpenSigner,
        public_url: str,
        clock: Callable[[], datetime],
        nonce: Callable[[], str],
        terms: Terms,
    ) -> None:
        self._append = append
        self._folder = folder
        self._open_signer = open_signer
        self._public_url = public_url
        self._clock = clock
        self._nonce = nonce
        self._terms = terms

    def previous(self, state: ArrayState, last: StatusListPublished | None) -> Candidate | None:
        """Return the version before the next one as the gate compares it, None for the first."""
        if last is None:
            return None
        body = self._intact(list_name(*state.list_key), published_version(last))
        return Candidate(
            version=last.originator_version,
            position=last.position,
            signed_at=last.representations[0]["created"],
            purpose=last.purpose,
            size=state.size,
            encoded_list=None if body is None else _encoded_list(body),
        )

    def _intact(self, name: str, version: PublishedVersion) -> bytes | None:
        """Return the bytes of a version, None where they are lost or damaged."""
        body = self._folder.read(name, version)
        return body if body is not None and sha256(body).hexdigest() == version.digest else None

    def publish(
        self,
        state: ArrayState,
        bits: bitarray,
        *,
        previous: Candidate | None,
        since: Iterable[Change],
    ) -> StatusListPublished:
        """Publish the next version and return its event.

        Raises GateRefusedError, or ConcurrentChangeError where another publisher was faster.
        """
        version = self._signed(state, bits, previous=previous, since=since)
        name = list_name(*state.list_key)
        stored = self._folder.put(name, version.number, version.body)
        event = self._event(state, version, stored)
        self._append(event)
        self._folder.make_current(name, stored)
        return event

    def _signed(
        self,
        state: ArrayState,
        bits: bitarray,
        *,
        previous: Candidate | None,
        since: Iterable[Change],
    ) -> _Version:
        signer = self._signer(state)
        encoded = bitstring.encode(bits.tobytes())
        terms = self._list_terms(state, signer, previous)
        document = unsigned(self._public_url, terms, encoded.text)
        candidate = Candidate(
            version=(previous.version if previous else 0) + 1,
            position=state.position,
            signed_at=terms.created,
            purpose=terms.purpose,
            size=state.size,
            encoded_list=encoded.text,
        )
        gate.check(candidate, document, previous=previous, since=since)
        body, proof_value = signed_bytes(document, terms, sign=signer.sign)
        return _Version(candidate.version, terms, encoded.encoder, body, proof_value)

    def _signer(self, state: ArrayState) -> Signer:
        if state.key is None:
            raise NoSigningKeyError("the issuer has no signing key", remedy="an operator adds one")
        method = f"{state.did}#{state.key}"
        return self._open_signer(state.issuer_id, state.key, verification_method=method)

    def _list_terms(
        self, state: ArrayState, signer: Signer, previous: Candidate | None
    ) -> ListTerms:
        now = self._clock()
        if previous is not None:
            now = max(now, parse_instant(previous.signed_at) + SMALLEST_STEP)
        created = document_instant(now)
        return ListTerms(
            list_id=state.list_key[0],
            purpose=state.list_key[1],
            issuer_did=signer.verification_method.partition("#")[0],
            valid_from=created,
            valid_until=document_instant(now + self._terms.validity),
            ttl_ms=int(self._terms.ttl / timedelta(milliseconds=1)),
            cryptosuite=Cryptosuite(state.cryptosuite),
            verification_method=signer.verification_method,
            created=created,
        )

    def _event(
        self, state: ArrayState, version: _Version, stored: PublishedVersion
    ) -> StatusListPublished:
        return StatusListPublished(
            originator_id=publication_id(*state.list_key),
            originator_version=version.number,
            recorded_at=instant(self._clock()),
            actor="registry",
            command_id=self._nonce(),
            request_digest="",
            nonce=self._nonce(),
            list_id=state.list_key[0],
            issuer_id=state.issuer_id,
            purpose=state.list_key[1],
            position=state.position,
            valid_from=version.terms.valid_from,
            valid_until=version.terms.valid_until,
            ttl_ms=version.terms.ttl_ms,
            encoder=version.encoder,
            representations=[
                {
                    "media_type": MEDIA_TYPE,
                    "cryptosuite": version.terms.cryptosuite.value,
                    "verification_method": version.terms.verification_method,
                    "created": version.terms.created,
                    "proof_value": version.proof_value,
                    "digest": stored.digest,
                }
            ],
        )


def published_version(event: StatusListPublished) -> PublishedVersion:
    """Return a publication as the publish folder knows it."""
    return PublishedVersion(event.originator_version, event.representations[0]["digest"])


def _encoded_list(body: bytes) -> str:
    encoded: str = json.loads(body)["credentialSubject"]["encodedList"]
    return encoded
