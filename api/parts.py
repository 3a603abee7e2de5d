"""The parts of a registry, each built of the settings and of what all have in common."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from api import clock
from api.opening import open_key_store, open_log_keys, public_url_of
from api.settings import Settings
from projections.did_documents import DidPublisher
from projections.erasures import ViewedHoldings
from projections.history import History
from projections.press import Press, Terms
from projections.publish_folder import PublishFolder
from projections.publisher import Publisher
from projections.retirement import Retirement
from projections.scheduler import Scheduler
from projections.transparency.floor import LogFolder
from projections.transparency.log import TransparencyLog
from registry.allocation import Allocator
from registry.application import CredentialRegistry
from registry.commands import Commands
from registry.erasing import Erasing
from registry.erasure_work import ErasureWork
from registry.formats.canonical import Canonicaliser
from registry.housekeeping import Housekeeping
from registry.issuer_commands import IssuerCommands
from registry.lookups import Lookups
from registry.personal_data import PersonalData
from registry.store import settling
from registry.store.database import Database
from registry.store.destruction import Destruction
from registry.store.erasure_journal import ErasureJournal
from registry.store.key_store import KeyStore
from registry.store.owners_connection import OwnersConnection
from registry.store.recorders import EventRecorder, open_recorder
from registry.store.vault import Vault
from registry.streams import Streams


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
        streams=Streams(recorder, wake=wake),
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
        did_publisher=DidPublisher(base.folder),
        folder=base.folder,
        clock=clock.now,
        terms=terms,
    )


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
    )


def build_scheduler(base: Base, housekeeping: Housekeeping) -> Scheduler:
    """Build what sees to things that fall due."""
    snapshot = base.database.snapshot
    retention = timedelta(days=base.settings.list_retention_days)
    return Scheduler(
        snapshot=snapshot,
        housekeeping=housekeeping,
        retirement=Retirement(snapshot=snapshot, retention=retention),
        clock=clock.now,
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
