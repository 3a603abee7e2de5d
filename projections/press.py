"""The press: one new version of one list. Encode, gate, sign, gate again, store, record, swap.

The bytes are stored by their digest before the event that names them and become current after
it: nothing is served that the history does not hold. A version in two forms is one event; they
become current one after the other, and a publisher that dies between the two is mended.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from bitarray import bitarray

from projections import gate
from projections.did_documents import signing_key
from projections.gate import Candidate, Change, GateRefusedError
from projections.list_documents import (
    Form,
    ListTerms,
    encoded_list_of,
    mechanisms,
    published_versions,
    secured,
    unsigned,
)
from projections.publish_folder import PublishedVersion, PublishFolder
from projections.status_changes import ListKey
from projections.turf import Turf
from registry.domain.errors import NoSigningKeyError
from registry.domain.events import Event, StatusListPublished
from registry.domain.instants import document_instant, instant, parse_instant
from registry.domain.securing import Mechanism
from registry.domain.status_list import publication_id
from registry.formats import bitstring, did
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

    `cryptosuite` names a `Mechanism`; `keys` maps each of the issuer's public keys (Multikey) to
    whether it still signs, the newest last. `compromised` holds those that left its DID document.
    """

    list_key: ListKey
    issuer_id: str
    did: str
    keys: Mapping[str, bool]
    compromised: Mapping[str, str]
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
    forms: tuple[Form, ...]


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
        names = published_versions(last).items()
        bodies = (self._intact(name, version) for name, version in names)
        body = next((body for body in bodies if body is not None), None)
        return Candidate(
            version=last.originator_version,
            position=last.position,
            signed_at=last.representations[0]["created"],
            purpose=last.purpose,
            size=state.size,
            encoded_list=None if body is None else encoded_list_of(body),
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
        turf: Turf,
    ) -> StatusListPublished:
        """Publish the next version and return its event.

        Raises GateRefusedError, ConcurrentChangeError where another publisher was faster, or
        LeadershipLostError where another leads these lists now.
        """
        version = self._signed(state, bits, previous=previous, since=since)
        event = self._event(state, version)
        names = published_versions(event)
        for name, form in zip(names, version.forms, strict=True):
            self._folder.put(name, version.number, form.body)
        turf.check(state.list_key[0])
        self._append(event)
        for name, published in names.items():
            self._folder.make_current(name, published)
        return event

    def _signed(
        self,
        state: ArrayState,
        bits: bitarray,
        *,
        previous: Candidate | None,
        since: Iterable[Change],
    ) -> _Version:
        signers = self._signers(state)
        encoded = bitstring.encode(bits.tobytes())
        terms = self._list_terms(state, previous)
        document = unsigned(self._public_url, terms, encoded.text)
        candidate = Candidate(
            version=(previous.version if previous else 0) + 1,
            position=state.position,
            signed_at=terms.valid_from,
            purpose=terms.purpose,
            size=state.size,
            encoded_list=encoded.text,
        )
        gate.check(candidate, document, previous=previous, since=since)
        forms = _forms(document, signers, created=candidate.signed_at)
        return _Version(candidate.version, terms, encoded.encoder, forms)

    def _signers(self, state: ArrayState) -> dict[Mechanism, Signer]:
        """Open the key of each form, before anything is made that would then be in vain."""
        return {each: self._signer(state, each) for each in _mechanisms(state)}

    def _signer(self, state: ArrayState, mechanism: Mechanism) -> Signer:
        key = signing_key(state.keys, mechanism.key_type)
        if key is None:
            raise NoSigningKeyError(
                f"the issuer has no signing key of the type {mechanism.key_type}",
                remedy="an operator adds one",
            )
        method = did.method_id(state.did, key, is_jwt=mechanism.is_jwt)
        return self._open_signer(state.issuer_id, key, verification_method=method)

    def _list_terms(self, state: ArrayState, previous: Candidate | None) -> ListTerms:
        now = self._clock()
        if previous is not None:
            now = max(now, parse_instant(previous.signed_at) + SMALLEST_STEP)
        return ListTerms(
            list_id=state.list_key[0],
            purpose=state.list_key[1],
            issuer_did=state.did,
            valid_from=document_instant(now),
            valid_until=document_instant(now + self._terms.validity),
            ttl_ms=int(self._terms.ttl / timedelta(milliseconds=1)),
        )

    def _event(self, state: ArrayState, version: _Version) -> StatusListPublished:
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
            representations=[form.recorded for form in version.forms],
        )


def _mechanisms(state: ArrayState) -> tuple[Mechanism, ...]:
    try:
        return mechanisms(Mechanism(state.cryptosuite))
    except ValueError as error:
        raise GateRefusedError(f"no list is secured with {state.cryptosuite!r} here") from error


def _forms(
    document: dict[str, Any], signers: Mapping[Mechanism, Signer], *, created: str
) -> tuple[Form, ...]:
    forms = tuple(
        secured(document, mechanism, signer=signer, created=created)
        for mechanism, signer in signers.items()
    )
    for form in forms:
        gate.check_secured(form.body, document)
    return forms
