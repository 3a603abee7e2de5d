"""The publisher: for each list that changed or grows old, encode, gate, sign, record, swap.

The bytes are stored by their digest before the event that names them, and become current after
it: nothing is served that the history does not hold, and a crash between the two steps is mended
from the event at the next tick.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from bitarray import bitarray
from sqlalchemy import Connection, MetaData, select

from projections import gate, positions
from projections.gate import Candidate, GateRefusedError
from projections.history import History
from projections.list_documents import (
    MEDIA_TYPE,
    ListTerms,
    signed_bytes,
    unsigned,
)
from projections.publish_folder import PublishedVersion, PublishFolder, list_name
from projections.status_changes import ListKey, StatusChanges
from projections.status_lists import STATUS_ARRAYS, StatusListsProjection, status_arrays_table
from registry.domain.errors import ConcurrentChangeError, RegistryError
from registry.domain.events import Event, StatusListPublished
from registry.domain.instants import document_instant, instant, parse_instant
from registry.domain.status_list import publication_id
from registry.formats import bitstring
from registry.formats.data_integrity import Cryptosuite
from registry.formats.signer import Signer

log = structlog.get_logger(__name__)

SHORTEST_INTERVAL = timedelta(milliseconds=100)
"""A list is published at most this often, so that a mass change becomes one version."""

SMALLEST_STEP = timedelta(milliseconds=1)
"""How much later than its predecessor a version is signed at least, whatever the clock says."""

_arrays = status_arrays_table(MetaData(), STATUS_ARRAYS)


@dataclass(frozen=True)
class Terms:
    """How long a published list is good for, and how long a verifier may keep it."""

    validity: timedelta = timedelta(hours=24)
    ttl: timedelta = timedelta(seconds=300)


@dataclass(frozen=True)
class ArrayState:
    """One list as folded up to `position`, without its bits."""

    key: ListKey
    issuer_id: str
    cryptosuite: str
    size: int
    opened_position: int
    changed_position: int
    position: int


class Publisher:
    """Publishes the lists of the live status arrays; several may run, one wins each version."""

    def __init__(  # noqa: PLR0913 - the parts of the outside world, each by name
        self,
        *,
        snapshot: Callable[[], Any],
        history: History,
        append: Callable[[Event], int],
        folder: PublishFolder,
        signer_of: Callable[[str], Signer],
        public_url: str,
        clock: Callable[[], datetime],
        nonce: Callable[[], str],
        terms: Terms,
    ) -> None:
        self._snapshot = snapshot
        self._history = history
        self._append = append
        self._folder = folder
        self._signer_of = signer_of
        self._public_url = public_url
        self._clock = clock
        self._nonce = nonce
        self._terms = terms
        self._last: dict[ListKey, StatusListPublished | None] = {}
        self._changes: StatusChanges | None = None
        self.alarms: dict[ListKey, str] = {}

    def tick(self) -> int:
        """Publish every list that is due; return how many were published."""
        with self._snapshot() as connection:
            states = self._states(connection)
            frozen = self._frozen(connection)
            due = [state for state in states if self._is_due(state)]
            bits = {state.key: self._bits(connection, state.key) for state in due}
        if not due:
            return 0
        self._follow(states)
        return sum(self._try_to_publish(state, bits[state.key], frozen) for state in due)

    def _states(self, connection: Connection) -> list[ArrayState]:
        position = positions.live(connection, StatusListsProjection.name).position
        columns = [c for c in _arrays.c if c.name in ArrayState.__dataclass_fields__]
        query = select(_arrays.c.list_id, _arrays.c.purpose, *columns)
        rows = connection.execute(query.where(_arrays.c.retired.is_(False))).mappings()
        return [_state(row, position) for row in rows]

    def _frozen(self, connection: Connection) -> dict[str | None, str]:
        """Return the issuers whose lists are frozen, None standing for all, with the reason."""
        generation = positions.live(connection, StatusListsProjection.name).generation
        return {
            stream.issuer_id: f"event {stream.notification_id} is unreadable: {stream.reason}"
            for stream in positions.frozen_streams(connection, generation)
        }

    def _bits(self, connection: Connection, key: ListKey) -> bitarray:
        query = select(_arrays.c.bits).where(
            _arrays.c.list_id == key[0], _arrays.c.purpose == key[1]
        )
        bits: bitarray = connection.execute(query).scalar_one()
        return bits

    def _is_due(self, state: ArrayState) -> bool:
        last = self._last_published(state.key)
        if last is None:
            return True
        age = self._clock() - parse_instant(last.valid_from)
        if age >= self._terms.validity / 2 or state.key in self.alarms:
            return True
        if self._folder.current(list_name(*state.key)) != _published(last):
            return True
        # An age below zero means that the clock was set back: waiting for it could take days.
        pause = timedelta(0) <= age < SHORTEST_INTERVAL
        return state.changed_position > last.position and not pause

    def _last_published(self, key: ListKey) -> StatusListPublished | None:
        if key not in self._last:
            event = self._history.last_of(publication_id(*key))
            self._last[key] = event if isinstance(event, StatusListPublished) else None
        return self._last[key]

    def _follow(self, states: list[ArrayState]) -> None:
        """Take in the status events up to the arrays' position."""
        if self._changes is None:
            starts = [self._start(state) for state in states]
            self._changes = StatusChanges(self._history, after=min(starts))
        self._changes.read_to(states[0].position)

    def _start(self, state: ArrayState) -> int:
        last = self._last_published(state.key)
        return last.position if last else state.opened_position - 1

    def _try_to_publish(
        self, state: ArrayState, bits: bitarray, frozen: Mapping[str | None, str]
    ) -> bool:
        reason = frozen.get(state.issuer_id) or frozen.get(None)
        try:
            if reason:
                raise GateRefusedError(reason)
            self._mend(state)
            if self._is_due(state) or state.key in self.alarms:
                self._publish(state, bits)
        except ConcurrentChangeError:
            self._last.pop(state.key, None)  # Another publisher was faster; look again.
            return False
        except (GateRefusedError, RegistryError) as error:
            self._alarm(state, str(error))
            return False
        self.alarms.pop(state.key, None)
        return True

    def _alarm(self, state: ArrayState, reason: str) -> None:
        if self.alarms.get(state.key) != reason:
            log.error("list not published, the last good one stays", list=state.key, reason=reason)
        self.alarms[state.key] = reason

    def _mend(self, state: ArrayState) -> None:
        """Serve what was recorded and not yet swapped in; refuse to go below what is served."""
        name = list_name(*state.key)
        current, last = self._folder.current(name), self._last_published(state.key)
        recorded = last.originator_version if last else 0
        if current is not None and current.version > recorded:
            self._last.pop(state.key, None)
            last = self._last_published(state.key)
            recorded = last.originator_version if last else 0
        if current is not None and current.version > recorded:
            raise GateRefusedError(
                f"version {current.version} is served, the events know {recorded} only: "
                "the database is older than what was published"
            )
        if last is not None and self._folder.read(name, _published(last)) is not None:
            self._folder.make_current(name, _published(last))

    def _publish(self, state: ArrayState, bits: bitarray) -> None:
        last = self._last_published(state.key)
        previous = self._previous(state, last)
        signer = self._signer_of(state.issuer_id)
        encoded = bitstring.encode(bits.tobytes())
        terms = self._list_terms(state, signer, last)
        document = unsigned(self._public_url, terms, encoded.text)
        candidate = Candidate(
            version=(last.originator_version if last else 0) + 1,
            position=state.position,
            signed_at=terms.created,
            purpose=terms.purpose,
            size=state.size,
            encoded_list=encoded.text,
        )
        gate.check(candidate, document, previous=previous, since=self._since(state, previous))
        body, proof_value = signed_bytes(document, terms, sign=signer.sign)
        self._record(state, candidate, terms, encoder=encoded.encoder, body=body, proof=proof_value)

    def _record(
        self,
        state: ArrayState,
        candidate: Candidate,
        terms: ListTerms,
        *,
        encoder: str,
        body: bytes,
        proof: str,
    ) -> None:
        name = list_name(*state.key)
        published = self._folder.put(name, candidate.version, body)
        event = StatusListPublished(
            originator_id=publication_id(*state.key),
            originator_version=candidate.version,
            recorded_at=instant(self._clock()),
            actor="registry",
            command_id=self._nonce(),
            request_digest="",
            nonce=self._nonce(),
            list_id=terms.list_id,
            issuer_id=state.issuer_id,
            purpose=terms.purpose,
            position=state.position,
            valid_from=terms.valid_from,
            valid_until=terms.valid_until,
            ttl_ms=terms.ttl_ms,
            encoder=encoder,
            representations=[
                {
                    "media_type": MEDIA_TYPE,
                    "cryptosuite": terms.cryptosuite.value,
                    "verification_method": terms.verification_method,
                    "created": terms.created,
                    "proof_value": proof,
                    "digest": published.digest,
                }
            ],
        )
        self._append(event)
        self._folder.make_current(name, published)
        self._last[state.key] = event
        if self._changes is not None:
            self._changes.forget(state.key, to=state.position)

    def _list_terms(
        self, state: ArrayState, signer: Signer, last: StatusListPublished | None
    ) -> ListTerms:
        now = self._clock()
        if last is not None:
            now = max(now, parse_instant(last.valid_from) + SMALLEST_STEP)
        created = document_instant(now)
        return ListTerms(
            list_id=state.key[0],
            purpose=state.key[1],
            issuer_did=signer.verification_method.partition("#")[0],
            valid_from=created,
            valid_until=document_instant(now + self._terms.validity),
            ttl_ms=int(self._terms.ttl / timedelta(milliseconds=1)),
            cryptosuite=Cryptosuite(state.cryptosuite),
            verification_method=signer.verification_method,
            created=created,
        )

    def _previous(self, state: ArrayState, last: StatusListPublished | None) -> Candidate | None:
        if last is None:
            return None
        body = self._folder.read(list_name(*state.key), _published(last))
        return Candidate(
            version=last.originator_version,
            position=last.position,
            signed_at=last.representations[0]["created"],
            purpose=last.purpose,
            size=state.size,
            encoded_list=None if body is None else _encoded_list(body),
        )

    def _since(self, state: ArrayState, previous: Candidate | None) -> list[gate.Change]:
        if previous is not None and previous.encoded_list is not None:
            assert self._changes is not None
            return self._changes.between(state.key, after=previous.position, to=state.position)
        whole = StatusChanges(self._history, after=state.opened_position - 1)
        whole.read_to(state.position)
        return whole.between(state.key, after=0, to=state.position)


def _state(row: Mapping[Any, Any], position: int) -> ArrayState:
    values = {name: row[name] for name in row if name in ArrayState.__dataclass_fields__}
    return ArrayState(key=(row["list_id"], row["purpose"]), position=position, **values)


def _published(event: StatusListPublished) -> PublishedVersion:
    return PublishedVersion(event.originator_version, event.representations[0]["digest"])


def _encoded_list(body: bytes) -> str:
    encoded: str = json.loads(body)["credentialSubject"]["encodedList"]
    return encoded
