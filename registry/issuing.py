"""Issue credentials: place, build, sign, keep in the vault, then record; in that order.

The document is in the vault before the event, and nobody sees it before the event is durable: a
signature that is not in the history cannot exist outside this process.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final
from uuid import UUID

from registry.allocation import Allocator
from registry.badge_forms import Unsigned
from registry.badge_writing import BadgeWriter
from registry.commands import Caller, Commands, issuer_scope
from registry.domain.achievement import Achievement
from registry.domain.aggregate import Aggregate, Command
from registry.domain.credential import Credential, Issuance, Placement
from registry.domain.definition import AchievementDefinition
from registry.domain.errors import ConcurrentChangeError
from registry.domain.instants import instant
from registry.domain.issuer import Issuer
from registry.domain.securing import Mechanism
from registry.domain.status_list import Shelf
from registry.formats.open_badge import check_grade
from registry.formats.securing import media_type_of
from registry.formats.signer import Signer
from registry.issuance import Badge, Order, complete_definition
from registry.lookups import Lookups
from registry.premises import still_issuing
from registry.store.vault import Item, Vault
from registry.streams import Streams


@dataclass(frozen=True)
class Issued:
    """A credential that was issued, and its secured document: JSON, or a compact JWT in ASCII."""

    credential: Credential
    document: bytes

    @property
    def media_type(self) -> str:
        """The document's media type, which follows from how it was secured."""
        return media_type_of(Mechanism(self.credential.issuance.cryptosuite))


_OPERATION: Final = "credentials"

SignerOf = Callable[[Issuer, Mechanism], Signer]
"""Opens what secures an issuer's credentials by a mechanism; raises NoSigningKeyError."""

MayIssue = Callable[[str], Sequence[Aggregate]]
"""Returns what allows an issuer (its id) to issue now; raises NotAccreditedError."""


@dataclass(frozen=True)
class _Asked:
    """One order, and the credential it is for as its stream has it: new, unless repeated."""

    order: Order
    command: Command
    credential: Credential


@dataclass
class _Work:
    """One order on its way: what the steps add to it."""

    order: Order
    command: Command
    credential: Credential
    achievement: Achievement
    superseded: Credential | None
    document: bytes = b""


class Issuing:
    """The use case of issuing one or many credentials of one issuer."""

    def __init__(
        self,
        *,
        streams: Streams,
        commands: Commands,
        lookups: Lookups,
        vault: Vault,
        allocator: Allocator,
        writer: BadgeWriter,
        signer_of: SignerOf,
        check_may_issue: MayIssue,
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._lookups = lookups
        self._vault = vault
        self._allocator = allocator
        self._writer = writer
        self._signer_of = signer_of
        self._check_may_issue = check_may_issue

    def issue(self, caller: Caller, issuer: Issuer, orders: Sequence[Order]) -> list[Issued]:
        """Issue every order, or raise and issue none."""
        achievements = self._achievements(issuer, orders)
        superseded = self._lookups.credentials(order.supersedes for order in orders)
        works = [
            self._work(issuer, asked, achievements, superseded)
            for asked in self._asked(caller, issuer, orders)
        ]
        new = [work for work in works if not work.credential.version]
        if new:
            self._check_may_issue(str(issuer.id))
            self._carry_out(issuer, new)
        if len(new) < len(works):
            self._streams.confirm()
        self._find_documents(works)
        return [Issued(self._as_issued(work.credential), work.document) for work in works]

    def _achievements(self, issuer: Issuer, orders: Sequence[Order]) -> dict[str, Achievement]:
        return {
            achievement_id: self._lookups.achievement(str(issuer.id), achievement_id)
            for achievement_id in {order.achievement_id for order in orders}
        }

    def _asked(self, caller: Caller, issuer: Issuer, orders: Sequence[Order]) -> list[_Asked]:
        """Return what is asked for, each with what its stream holds: nothing, unless repeated."""
        scope, asked = issuer_scope(str(issuer.id)), []
        for number, order in enumerate(orders):
            part, body = caller.part(number), order.plain() | {"of": len(orders)}
            command = self._commands.make(part, scope=scope, operation=_OPERATION, body=body)
            credential_id = self._commands.new_id(part, scope=scope, operation=_OPERATION)
            asked.append(_Asked(order, command, Credential(credential_id)))
        if caller.idempotency_key is not None:
            ids = [each.credential.id for each in asked]
            known = self._streams.load_many(Credential, ids)
            asked = [
                replace(each, credential=known.get(each.credential.id, each.credential))
                for each in asked
            ]
        return asked

    def _work(
        self,
        issuer: Issuer,
        asked: _Asked,
        achievements: dict[str, Achievement],
        superseded: dict[str, Credential],
    ) -> _Work:
        """Recognise a repeat; otherwise check all that can be checked before anything is done."""
        order, command, credential = asked.order, asked.command, asked.credential
        achievement = achievements[order.achievement_id]
        if credential.version:
            credential.answered(command)
            return _Work(order, command, credential, achievement, None)
        achievement.check_open()
        order.check_period(command.recorded_at)
        old = self._superseded(issuer, order, superseded)
        return _Work(order, command, credential, achievement, old)

    def _superseded(
        self, issuer: Issuer, order: Order, found: dict[str, Credential]
    ) -> Credential | None:
        if order.supersedes is None:
            return None
        credential = found.get(order.supersedes)
        if credential is None or credential.issuance.issuer_id != str(issuer.id):
            return self._lookups.credential(str(issuer.id), order.supersedes, field="supersedes")
        return credential

    def _carry_out(self, issuer: Issuer, works: list[_Work]) -> None:
        at = instant(works[0].command.recorded_at)
        mechanisms = {Mechanism(work.achievement.cryptosuite) for work in works}
        signers = {mechanism: self._signer_of(issuer, mechanism) for mechanism in mechanisms}
        definitions = self._definitions(works)
        for work in works:
            _check_grade(work, definitions[work.achievement.id])
            self._supersede(work)
        people = [work.order.learner.person() for work in works]
        references = self._vault.references(str(issuer.id), people, at=at)
        badges = self._badges(issuer, works, definitions, references)
        batch = [
            Unsigned(badge, signers[badge.mechanism], work.command.recorded_at)
            for work, badge in zip(works, badges, strict=True)
        ]
        bodies = self._writer.written(batch)
        made = zip(works, batch, references, bodies, strict=True)
        self._vault.put_documents([_recorded(*each) for each in made], at=at)
        self._save(issuer, works)

    def _definitions(self, works: list[_Work]) -> dict[UUID, AchievementDefinition]:
        achievements = {work.achievement.id: work.achievement for work in works}
        return {each: complete_definition(achievements[each]) for each in achievements}

    def _badges(
        self,
        issuer: Issuer,
        works: list[_Work],
        definitions: dict[UUID, AchievementDefinition],
        references: list[str],
    ) -> Iterator[Badge]:
        placements = self._placements(issuer, works)
        for work, reference, placement in zip(works, references, placements, strict=True):
            yield Badge(
                credential_id=str(work.credential.id),
                issuer=issuer,
                achievement=work.achievement,
                definition=definitions[work.achievement.id],
                subject=work.order.learner.subject(reference, salt=self._commands.salt()),
                placement=placement,
                valid_from=work.order.start(work.command.recorded_at),
                valid_until=work.order.valid_until,
                grade=work.order.grade,
            )

    def _supersede(self, work: _Work) -> None:
        if work.superseded is not None:
            work.superseded.supersede(work.command, by=str(work.credential.id))

    def _placements(self, issuer: Issuer, works: list[_Work]) -> list[Placement]:
        shelves = [_shelf(issuer, work.achievement) for work in works]
        stock = {shelf: self._allocator.take(shelf, shelves.count(shelf)) for shelf in set(shelves)}
        return [stock[shelf].pop() for shelf in shelves]

    def _save(self, issuer: Issuer, works: list[_Work]) -> None:
        credentials = [work.credential for work in works]
        superseded = [work.superseded for work in works if work.superseded is not None]
        methods = {credential.issuance.verification_method for credential in credentials}

        def premise() -> list[Aggregate]:
            now = still_issuing(self._streams, issuer, methods)
            return [now, *self._check_may_issue(str(issuer.id))]

        try:
            self._streams.store(*credentials, *superseded, premise=premise)
        except ConcurrentChangeError:
            # The same idempotency key in two requests at once: the other one was first.
            for work in works:
                work.credential = self._streams.load(Credential(work.credential.id))
                work.document = b""
                if work.credential.answered(work.command) is None:
                    raise
            self._streams.confirm()

    def _find_documents(self, works: list[_Work]) -> None:
        """Read the documents of repeated orders from the vault."""
        repeated = {str(work.credential.id): work for work in works if not work.document}
        digests = {each: repeated[each].credential.issuance.document_digest for each in repeated}
        if digests:
            for credential_id, document in self._vault.documents(digests).items():
                repeated[credential_id].document = document

    def _as_issued(self, credential: Credential) -> Credential:
        if credential.version == 1:
            return credential
        return self._streams.load_at(Credential(credential.id), 1)


def _recorded(work: _Work, unsigned: Unsigned, reference: str, body: bytes) -> Item:
    """Record that a badge is issued, yet to be saved; return what the vault is to keep."""
    badge, digest = unsigned.badge, sha256(body).hexdigest()
    work.document = body
    issuance = Issuance(
        issuer_id=str(badge.issuer.id),
        achievement_id=str(badge.achievement.id),
        achievement_version=badge.achievement.latest,
        profile=badge.achievement.profile,
        placement=badge.placement,
        subject_ref=reference,
        document_digest=digest,
        verification_method=unsigned.signer.verification_method,
        cryptosuite=badge.achievement.cryptosuite,
        valid_from=badge.valid_from,
        valid_until=badge.valid_until,
        supersedes=work.order.supersedes,
    )
    work.credential.issue(work.command, issuance)
    return Item(badge.credential_id, digest, reference, body)


def _check_grade(work: _Work, definition: AchievementDefinition) -> None:
    if work.order.grade is not None:
        check_grade(definition.grade_scheme, work.order.grade)


def _shelf(issuer: Issuer, achievement: Achievement) -> Shelf:
    return Shelf(str(issuer.id), achievement.cryptosuite, achievement.profile)
