"""The parts of a registry, each built of the settings and of what all have in common."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from api import clock
from api.opening import open_key_store, open_log_keys, public_url_of
from api.settings import Settings
from projections import VIEWS
from projections.claims import Claims
from projections.did_documents import DidPublisher
from projections.erasures import ViewedHoldings
from projections.held_credentials import HeldCredentials
from projections.history import History
from projections.homes import ViewedTies
from projections.press import Press, Terms
from projections.publish_folder import PublishFolder
from projections.publisher import Publisher
from projections.retirement import Retirement
from projections.scheduler import Scheduler
from projections.static.opening import open_target
from projections.static.publication import StaticPublication
from projections.transparency.floor import LogFolder
from projections.transparency.log import TransparencyLog
from registry.allocation import Allocator
from registry.application import CredentialRegistry
from registry.commands import Commands
from registry.custody import Custody
from registry.domain.job import Kind
from registry.erasing import Erasing
from registry.erasure_work import ErasureWork
from registry.formats.canonical import Canonicaliser
from registry.housekeeping import Housekeeping
from registry.issuer_commands import IssuerCommands
from registry.jobs.issuing import IssuingJobs
from registry.jobs.issuing_receiving import IssuingReceiver
from registry.jobs.jobs import Jobs
from registry.jobs.status_changes import StatusChangeJobs
from registry.jobs.status_changes_deciding import Sources
from registry.jobs.status_changes_orders import StatusChangeOrders
from registry.jobs.worker import JobHandler
from registry.jobs.worker_names import worker_name
from registry.lookups import Lookups
from registry.moving import Moving
from registry.personal_data import PersonalData
from registry.store import settling
from registry.store.database import Database
from registry.store.destruction import Destruction
from registry.store.erasure_journal import ErasureJournal
from registry.store.job_intake import JobIntake
from registry.store.jobs import JobStore
from registry.store.key_store import KeyStore
from registry.store.known_people import KnownPeople
from registry.store.owners_connection import OwnersConnection
from registry.store.recorders import EventRecorder, open_recorder
from registry.store.vault import Vault
from registry.streams import Streams

MOST_JOBS_LOOKED_AT = 10_000
"""Of one issuer, newest first, when it is moved."""


class Wake:
    """Calls the runner, which is built after the streams that wake it."""

    def __init__(self) -> None:
        self.target: Callable[[int], None] = lambda _position: None

    def __call__(self, position: int) -> None:
        self.target(position)


@dataclass(frozen=True)
class Base:
    """What the parts of a registry have in common."""

    settings: Settings
    public_url: str
    database: Database
    owners: OwnersConnection
    keys: KeyStore
    commands: Commands
    recorder: EventRecorder
    wake: Wake
    streams: Streams
    journal: ErasureJournal
    vault: Vault
    history: History
    folder: PublishFolder


def build_base(settings: Settings) -> Base:
    """Build what is common; raises NotInitialisedError or MasterKeyError."""
    public_url = public_url_of(settings)
    database = Database(settings.effective_database_url)
    keys = open_key_store(settings, database)
    recorder, wake = open_recorder(database), Wake()
    journal = ErasureJournal(settings.erasure_journal_file)
    return Base(
        settings=settings,
        public_url=public_url,
        database=database,
        owners=OwnersConnection(database, settings.given_owner_database_url),
        keys=keys,
        commands=Commands(keys, clock=clock.now, entropy=os.urandom),
        recorder=recorder,
        wake=wake,
        streams=Streams(recorder, wake=wake, shard=settings.shard),
        journal=journal,
        vault=Vault(database, keys, is_erased=journal.names),
        history=History(recorder),
        folder=PublishFolder(settings.effective_publish_folder),
    )


def build_application(base: Base, canonicalise: Canonicaliser) -> CredentialRegistry:
    """Build what carries out commands."""
    size = base.settings.list_size
    return CredentialRegistry(
        streams=base.streams,
        commands=base.commands,
        keys=base.keys,
        vault=base.vault,
        allocator=Allocator(base.streams, base.keys, base.commands, list_size=size),
        public_url=base.public_url,
        canonicalise=canonicalise,
        accreditation_enforced=base.settings.accreditation_enforced,
        shards=base.settings.shards,
    )


def build_publisher(base: Base, application: CredentialRegistry) -> Publisher:
    """Build what signs and publishes lists and DID documents."""
    terms = Terms(
        validity=timedelta(seconds=base.settings.list_validity_seconds),
        ttl=timedelta(seconds=base.settings.list_ttl_seconds),
    )
    press = Press(
        append=base.streams.append,
        folder=base.folder,
        open_signer=application.open_signer,
        public_url=base.public_url,
        clock=clock.now,
        nonce=clock.nonce,
        terms=terms,
    )
    return Publisher(
        snapshot=base.database.snapshot,
        history=base.history,
        press=press,
        did_publisher=DidPublisher(
            base.folder,
            shard=base.settings.shard,
            claims=Claims(base.folder.root) if base.settings.shards else None,
        ),
        folder=base.folder,
        clock=clock.now,
        terms=terms,
        shard=base.settings.shard,
        confirm=base.database.confirm,
    )


def build_static(settings: Settings) -> list[StaticPublication]:
    """Build what copies all that is published to each static target; needs no database."""
    folder = PublishFolder(settings.effective_publish_folder)
    ttl = settings.list_ttl_seconds
    return [
        StaticPublication(folder, open_target(url), ttl_seconds=ttl)
        for url in settings.static_targets
    ]


def build_transparency(base: Base) -> TransparencyLog:
    """Build what makes leaves of events and signs checkpoints."""
    return TransparencyLog(
        database=base.database,
        recorder=base.recorder,
        folder=LogFolder(base.settings.effective_log_folder),
        public_url=base.public_url,
        open_keys=lambda: open_log_keys(base.settings),
        clock=clock.now,
        owners_database=base.owners.database,
        shard=base.settings.shard,
    )


def build_scheduler(base: Base, housekeeping: Housekeeping) -> Scheduler:
    """Build what sees to things that fall due."""
    snapshot = partial(base.database.snapshot, of=VIEWS)
    retention = timedelta(days=base.settings.list_retention_days)
    shard = base.settings.shard
    return Scheduler(
        snapshot=snapshot,
        housekeeping=housekeeping,
        retirement=Retirement(snapshot=snapshot, retention=retention, shard=shard),
        clock=clock.now,
        shard=shard,
    )


def build_moving(base: Base, *, erasing: Erasing, jobs: Jobs) -> Moving:
    """Build what moves issuers to other shards."""
    lookups = Lookups(base.streams)

    def work_of(issuer_id: str) -> list[str]:
        found = jobs.store.newest(issuer_id=issuer_id, limit=MOST_JOBS_LOOKED_AT)
        erasures = erasing.work.pending_of(issuer_id)
        return [f"job {job.job_id}" for job in found if not job.ended] + [
            f"erasure {each}" for each in erasures
        ]

    return Moving(
        streams=base.streams,
        commands=IssuerCommands(base.commands, lookups),
        lookups=lookups,
        shards=base.settings.shards,
        ties_of=ViewedTies(snapshot=base.database.snapshot, clock=clock.now),
        work_of=work_of,
    )


def build_jobs(base: Base, application: CredentialRegistry) -> Jobs:
    """Build what takes work in bulk and carries it out."""
    store, intake = JobStore(base.database, base.keys), JobIntake(base.database, base.keys)
    issuing = IssuingJobs(
        store=store,
        intake=intake,
        application=application,
        streams=base.streams,
        commands=base.commands,
        people=KnownPeople(base.database, base.vault),
        holdings=HeldCredentials(base.database),
        newest_event=lambda: base.recorder.max_notification_id() or 0,
    )
    handlers: dict[Kind, JobHandler] = {
        Kind.ISSUING: issuing,
        Kind.STATUS_CHANGE: build_status_changes(base),
    }
    return Jobs(
        store=store,
        intake=intake,
        handlers=handlers,
        clock=clock.now,
        worker=worker_name(clock.nonce()),
    )


def build_issuing_receiver(
    base: Base, application: CredentialRegistry, jobs: Jobs
) -> IssuingReceiver:
    """Build what takes files of learners."""
    return IssuingReceiver(
        application=application,
        store=jobs.store,
        intake=jobs.intake,
        keys=base.keys,
        commands=base.commands,
    )


def build_status_changes(base: Base) -> StatusChangeJobs:
    """Build what checks and carries out status changes in bulk."""
    lookups = Lookups(base.streams)
    custody = Custody(base.streams, lookups)
    return StatusChangeJobs(
        store=JobStore(base.database, base.keys),
        streams=base.streams,
        commands=base.commands,
        sources=Sources(lookups, custody, base.keys, base.vault),
        approval_from=base.settings.bulk_approval_from,
    )


def build_status_orders(base: Base, jobs: Jobs) -> StatusChangeOrders:
    """Build what takes orders of status changes in bulk."""
    return StatusChangeOrders(
        jobs=jobs, keys=base.keys, commands=base.commands, lookups=Lookups(base.streams)
    )


def build_erasing(base: Base) -> Erasing:
    """Build what erases learners."""
    lookups = Lookups(base.streams)
    work = ErasureWork(
        streams=base.streams,
        commands=base.commands,
        destruction=Destruction(base.database, base.keys),
        journal=base.journal,
        holdings=ViewedHoldings(base.database),
        settle_quickly=lambda: settling.settle_quickly(base.database),
        settle=lambda: settling.settle(base.owners.database()),
    )
    return Erasing(
        streams=base.streams,
        commands=IssuerCommands(base.commands, lookups),
        lookups=lookups,
        vault=base.vault,
        work=work,
        clock=clock.now,
    )


def build_personal_data(base: Base) -> PersonalData:
    """Build what gathers all that is held of a learner."""
    return PersonalData(
        streams=base.streams,
        lookups=Lookups(base.streams),
        vault=base.vault,
        credentials_of=ViewedHoldings(base.database).credentials_of,
        clock=clock.now,
    )
