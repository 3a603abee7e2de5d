"""The publisher: finds the lists that changed or grow old and has each published, or says why not.

A list that cannot be published keeps its last good version, and an alarm. A crash between a
version's event and its swap is mended from the event at the next tick. Where the folder serves
a newer version than the events know, the database was restored from an older copy: nothing is
published below that floor.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import structlog
from bitarray import bitarray

from projections.did_documents import DidPublisher, withdrawn_methods
from projections.gate import GateRefusedError
from projections.history import History
from projections.list_documents import UnknownFormError, published_versions
from projections.live_arrays import LiveArrays
from projections.press import ArrayState, Press, Terms
from projections.publish_folder import PublishedVersion, PublishFolder, jwt_name, list_name
from projections.status_changes import Changes, ListKey, StatusChanges
from projections.turf import Everywhere, Turf
from projections.whole_saves import WholeSaves
from registry.domain.errors import ConcurrentChangeError, ConflictError
from registry.domain.events import StatusListPublished
from registry.domain.instants import parse_instant
from registry.domain.status_list import publication_id
from registry.formats.multikey import MultikeyError
from registry.store.key_store import SecretMissingError
from registry.store.leadership import LeadershipLostError
from registry.store.mapper import UnknownEventError

log = structlog.get_logger(__name__)

SHORTEST_INTERVAL = timedelta(milliseconds=100)
"""A list is published at most this often, so that a mass change becomes one version."""

LOOK_INTERVAL = timedelta(seconds=1)
"""How often the folder is searched for DID documents that somebody removed."""

ALARM_INTERVAL = timedelta(seconds=5)
"""How often a list that was refused is tried again."""

REFUSALS = (
    GateRefusedError,
    ConflictError,
    SecretMissingError,
    UnknownFormError,
    MultikeyError,
    OSError,
)
"""What keeps one list from being published and no other."""


@dataclass(frozen=True)
class Alarm:
    """Why a list is not published, and when that was last found."""

    reason: str
    at: datetime


class Publisher:
    """Publishes the lists of the live status arrays; several may run, one wins each version."""

    def __init__(  # noqa: PLR0913 - the parts it is made of, each by name
        self,
        *,
        snapshot: Callable[[], Any],
        history: History,
        press: Press,
        did_publisher: DidPublisher,
        folder: PublishFolder,
        clock: Callable[[], datetime],
        terms: Terms,
        shard: str | None = None,
        confirm: Callable[[], None] = lambda: None,
    ) -> None:
        self._snapshot = snapshot
        self._shard = shard
        self._confirm = confirm
        self._history = history
        self._press = press
        self._did_publisher = did_publisher
        self._folder = folder
        self._clock = clock
        self._terms = terms
        self._last: dict[ListKey, StatusListPublished | None] = {}
        self._changes: StatusChanges | None = None
        self._saves = WholeSaves(history, clock)
        self._looked_at: datetime | None = None
        self._turf: Turf = Everywhere()
        self.alarms: dict[ListKey, Alarm] = {}
        self.resting = False
        """Whether a changed list waits for its shortest interval to pass."""

    def tick(self, turf: Turf | None = None) -> int:
        """Publish every list that is due, of `turf` if given; return how many were published.

        A retired list is served no more; its versions stay in the folder.
        """
        self.resting = False
        self._turf = turf or Everywhere()
        with self._snapshot() as connection:
            # Documents first: no list is signed with a key that its issuer's document lacks.
            self._did_publisher.publish(connection, everything=self._is_time_to_look())
            arrays = LiveArrays(connection, shard=self._shard)
            for key in arrays.retired():
                self._withdraw(key)
            states = [state for state in arrays.states() if self._is_ours(state)]
            due = [state for state in states if self._is_due(state)]
            bits = {state.list_key: arrays.bits(state.list_key) for state in due}
            frozen = arrays.frozen()
        if not due:
            return 0
        changes = Changes(self._follow(states), self._all_of(due))
        return sum(self._try(state, bits[state.list_key], changes, frozen) for state in due)

    @property
    def unwritten_documents(self) -> Mapping[str, str]:
        """The issuers whose DID document cannot be written, and why; their lists stay as well."""
        return self._did_publisher.failures

    def _is_time_to_look(self) -> bool:
        """Return, once a second, that every DID document is to be looked for."""
        now = self._clock()
        if self._looked_at and timedelta(0) <= now - self._looked_at < LOOK_INTERVAL:
            return False
        self._looked_at = now
        return True

    def _withdraw(self, key: ListKey) -> None:
        try:
            self._folder.withdraw(list_name(*key))
            if self._folder.is_served(jwt_name(*key)):
                self._folder.withdraw(jwt_name(*key))
        except OSError as error:
            self._alarm(key, f"it has ended and cannot be withdrawn: {error}")
        else:
            self.alarms.pop(key, None)

    def forget(self) -> None:
        """Know nothing of what was published: other processes may have published since."""
        self._last.clear()
        self._changes = None
        self.alarms.clear()

    def _is_ours(self, state: ArrayState) -> bool:
        return self._turf.covers(state.list_key[0]) and self._is_readable(state)

    def _is_readable(self, state: ArrayState) -> bool:
        """Return whether the list's last publication, and what is served of it, can be read."""
        try:
            last = self._last_published(state.list_key)
            self._is_unserved(state.list_key, last)
        except (UnknownEventError, OSError, ValueError) as error:
            self._alarm(state.list_key, f"its last publication is unreadable: {error}")
            return False
        return True

    def _is_due(self, state: ArrayState) -> bool:
        now, last = self._clock(), self._last_published(state.list_key)
        alarm = self.alarms.get(state.list_key)
        if alarm is not None and timedelta(0) <= now - alarm.at < ALARM_INTERVAL:
            return False
        if last is None or self._is_unserved(state.list_key, last):
            return True
        if state.position < last.position:
            return False  # Another process folds faster; ours will follow.
        if _is_disowned(state, last):
            return True
        age = now - parse_instant(last.valid_from)
        # An age below zero means that the clock was set back: waiting for it could take days.
        rests = timedelta(0) <= age < SHORTEST_INTERVAL
        changed = state.changed_position > last.position
        waits = changed and (rests or self._saves.goes_on(state))
        self.resting = self.resting or waits
        return age >= self._terms.validity / 2 or (changed and not waits)

    def _is_unserved(self, key: ListKey, last: StatusListPublished | None) -> bool:
        return self._served(key, last) != (published_versions(last) if last else {})

    def _served(
        self, key: ListKey, last: StatusListPublished | None
    ) -> dict[str, PublishedVersion]:
        """Return what is served under each name of a list: those it had last, or may have."""
        names = published_versions(last) if last else (list_name(*key), jwt_name(*key))
        found = ((name, self._folder.current(name)) for name in names)
        return {name: current for name, current in found if current is not None}

    def _last_published(self, key: ListKey) -> StatusListPublished | None:
        if key not in self._last:
            event = self._history.last_of(publication_id(*key))
            self._last[key] = event if isinstance(event, StatusListPublished) else None
        return self._last[key]

    def _follow(self, states: Sequence[ArrayState]) -> StatusChanges:
        """Take in the status events up to the arrays' position."""
        published = {state.list_key: self._published_position(state) for state in states}
        start = min(published.values())
        # A list that could not be read before may be further behind than all others were.
        if self._changes is None or start < self._changes.start:
            self._changes = StatusChanges(self._history, after=start, wanted=self._turf.covers)
        self._changes.read_to(states[0].position)
        for key, position in published.items():
            self._changes.forget(key, to=position)
        return self._changes

    def _all_of(self, states: Sequence[ArrayState]) -> Callable[[], StatusChanges]:
        """Return what reads all status events of some lists, once, when it is first called."""

        @cache
        def read() -> StatusChanges:
            after = min(state.opened_position for state in states) - 1
            found = StatusChanges(self._history, after=after, wanted=self._turf.covers)
            found.read_to(states[0].position)
            return found

        return read

    def _published_position(self, state: ArrayState) -> int:
        last = self._last_published(state.list_key)
        return last.position if last else state.opened_position - 1

    def _try(
        self,
        state: ArrayState,
        bits: bitarray,
        changes: Changes,
        frozen: Mapping[str | None, str],
    ) -> bool:
        try:
            self._check_not_frozen(state, frozen)
            self._mend(state)
            if self._is_due(state) or state.list_key in self.alarms:
                self._publish(state, bits, changes)
        except (ConcurrentChangeError, LeadershipLostError):
            self._last.pop(state.list_key, None)  # Another publisher was faster; look again.
            return False
        except REFUSALS as error:
            self._alarm(state.list_key, str(error))
            return False
        self.alarms.pop(state.list_key, None)
        return True

    def _check_not_frozen(self, state: ArrayState, frozen: Mapping[str | None, str]) -> None:
        reason = frozen.get(state.issuer_id) or frozen.get(None)
        if reason is not None:
            raise GateRefusedError(reason)
        unwritten = self.unwritten_documents.get(state.issuer_id)
        if unwritten is not None:
            raise GateRefusedError(f"its issuer's DID document is not published: {unwritten}")

    def _mend(self, state: ArrayState) -> None:
        """Serve what was recorded and not yet swapped in; refuse to go below what is served."""
        last = self._last_known(state.list_key)
        if self._is_unserved(state.list_key, last):
            self._confirm()  # Whoever recorded it may have had no word of the standby's.
        for name, version in (published_versions(last) if last else {}).items():
            if self._folder.read(name, version) is not None:
                self._folder.make_current(name, version)

    def _last_known(self, key: ListKey) -> StatusListPublished | None:
        """Return the last publication, looking again where a newer version is served already."""
        last = self._last_published(key)
        served = self._newest_served(key, last)
        if served > _version(last):
            # After the folder: another publisher records a version before it serves it.
            self._last.pop(key, None)
            last = self._last_published(key)
        if served > _version(last):
            raise GateRefusedError(
                f"version {served} is served and the events do not know it: "
                "the database is older than what was published"
            )
        return last

    def _newest_served(self, key: ListKey, last: StatusListPublished | None) -> int:
        return max((current.version for current in self._served(key, last).values()), default=0)

    def _publish(self, state: ArrayState, bits: bitarray, changes: Changes) -> None:
        previous = self._press.previous(state, self._last_published(state.list_key))
        since = changes.since(state.list_key, previous, to=state.position)
        self._last[state.list_key] = self._press.publish(
            state, bits, previous=previous, since=since, turf=self._turf
        )

    def _alarm(self, key: ListKey, reason: str) -> None:
        known = self.alarms.get(key)
        if known is None or known.reason != reason:
            log.error("list not published, the last good one stays", list=key, reason=reason)
        self.alarms[key] = Alarm(reason, self._clock())


def _is_disowned(state: ArrayState, last: StatusListPublished) -> bool:
    """Return whether what is served was signed with a key that left the issuer's document."""
    withdrawn = withdrawn_methods(state.did, state.compromised)
    return any(form["verification_method"] in withdrawn for form in last.representations)


def _version(last: StatusListPublished | None) -> int:
    return last.originator_version if last else 0
