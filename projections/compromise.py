"""What a compromised key touched: the credentials and the lists it signed, and what is to be done.

The report is read from the history alone, so that it holds while the views are behind.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from projections.history import History, Recorded
from projections.proofs_of_age import IssuedAt, ProofsOfAge
from registry.domain import events as e
from registry.domain.credential import Status
from registry.domain.instants import parse_instant
from registry.domain.issuer import Issuer
from registry.formats.did import method_ids

_TOPICS = tuple(
    event.TOPIC
    for event in (
        e.CredentialIssued,
        e.CredentialSuspended,
        e.CredentialReinstated,
        e.CredentialRevoked,
        e.CredentialDocumentErased,
        e.StatusListPublished,
    )
)


@dataclass(frozen=True)
class SignedCredential:
    """A credential that the key signed, as its later events left it.

    `is_proved` tells that it is proved to be older than the compromise.
    """

    credential_id: str
    issued_at: str
    of_achievement: bool
    is_proved: bool = False
    status: Status = Status.ACTIVE
    superseded_by: str | None = None
    is_erased: bool = False

    @property
    def can_be_reissued(self) -> bool:
        """Whether it can be issued anew: proved, relied on now, and its document still there."""
        return (
            self.is_proved
            and self.of_achievement
            and self.status is Status.ACTIVE
            and not self.is_erased
        )


@dataclass(frozen=True)
class SignedList:
    """A list that the key signed once; `is_signed_anew` once another key signed what is served."""

    list_id: str
    purpose: str
    version: int
    is_signed_anew: bool


@dataclass(frozen=True)
class CompromiseReport:
    """What a key touched; `since` is None for a key that is not recorded as compromised."""

    issuer_id: str
    key: str
    since: str | None
    credentials: Sequence[SignedCredential]
    lists: Sequence[SignedList]

    def reissuable(self) -> Iterator[SignedCredential]:
        """Yield the credentials that can be issued anew under the next key."""
        return (each for each in self.credentials if each.can_be_reissued)


class CompromiseReports:
    """Makes reports; each reads the whole history of issuing once."""

    def __init__(self, history: History, ages: ProofsOfAge) -> None:
        self._history = history
        self._ages = ages

    def report(self, issuer: Issuer, key: str) -> CompromiseReport:
        """Return what a key of an issuer's touched."""
        since = issuer.compromised.get(key)
        tally = _Tally(str(issuer.id), method_ids(issuer.did, key))
        for item in self._history.all(topics=_TOPICS):
            if isinstance(item, Recorded):
                tally.take(item.event, item.position)
        return CompromiseReport(
            issuer_id=str(issuer.id),
            key=key,
            since=since,
            credentials=self._credentials(tally, since),
            lists=list(tally.lists.values()),
        )

    def _credentials(self, tally: "_Tally", since: str | None) -> Sequence[SignedCredential]:
        """Return what the key signed, with what is proved of its age."""
        if since is None:
            return list(tally.credentials.values())
        proved = self._ages.proved(tally.issuances, before=parse_instant(since))
        return [
            replace(each, is_proved=each.credential_id in proved)
            for each in tally.credentials.values()
        ]


class _Tally:
    """What was found so far of one key's work."""

    def __init__(self, issuer_id: str, methods: Iterable[str]) -> None:
        self._issuer_id = issuer_id
        self._methods = frozenset(methods)
        self.issuances: list[IssuedAt] = []
        self.credentials: dict[str, SignedCredential] = {}
        self.lists: dict[tuple[str, str], SignedList] = {}

    def take(self, event: e.Event, position: int) -> None:
        match event:
            case e.CredentialIssued() if event.verification_method in self._methods:
                self._take_issuance(event, position)
            case e.CredentialEvent() if found := self.credentials.get(str(event.originator_id)):
                self.credentials[found.credential_id] = _changed(found, event)
            case e.StatusListPublished() if event.issuer_id == self._issuer_id:
                self._take_list(event)
            case _:
                pass

    def _take_issuance(self, event: e.CredentialIssued, position: int) -> None:
        credential_id = str(event.originator_id)
        self.issuances.append(IssuedAt(credential_id, position, event.document_digest))
        self.credentials[credential_id] = SignedCredential(
            credential_id=credential_id,
            issued_at=event.recorded_at,
            of_achievement=event.achievement_id is not None,
        )

    def _take_list(self, event: e.StatusListPublished) -> None:
        place = (event.list_id, event.purpose)
        signers = {form["verification_method"] for form in event.representations}
        is_by_key = not self._methods.isdisjoint(signers)
        if is_by_key or place in self.lists:
            version = event.originator_version
            self.lists[place] = SignedList(*place, version, is_signed_anew=not is_by_key)


def _changed(found: SignedCredential, event: e.CredentialEvent) -> SignedCredential:
    match event:
        case e.CredentialSuspended():
            return replace(found, status=Status.SUSPENDED)
        case e.CredentialReinstated():
            return replace(found, status=Status.ACTIVE)
        case e.CredentialRevoked():
            return replace(found, status=Status.REVOKED, superseded_by=event.superseded_by)
        case e.CredentialDocumentErased():
            return replace(found, is_erased=True)
        case _:
            return found
