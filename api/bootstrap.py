"""The composition root: every object of a registry, built from its settings in one place.

Building connects to nothing, so that a process starts and serves published lists while its
database is away.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.own_documents import OthersListCache, OwnDocuments
from api.settings import Settings
from projections import ALL
from projections.catch_up import CatchUp
from projections.did_documents import DidPublisher
from projections.history import History
from projections.positions import prepare
from projections.press import Press, Terms
from projections.publish_folder import PublishFolder
from projections.publisher import Publisher
from projections.replay import Replay
from projections.retirement import Retirement
from projections.runner import Runner
from projections.scheduler import Scheduler
from registry.allocation import Allocator
from registry.application import CredentialRegistry
from registry.commands import REGISTRY, Commands
from registry.domain.instants import instant
from registry.formats.canonical import Canonicaliser
from registry.housekeeping import Housekeeping
from registry.store import installation, schema
from registry.store.access_log import AccessLog
from registry.store.api_keys import ApiKeys
from registry.store.database import Database
from registry.store.installation import NotInitialisedError
from registry.store.key_store import KeyStore, make_master_key, read_master_key
from registry.store.recorders import EventRecorder, open_recorder
from registry.store.vault import Vault
from registry.streams import Streams
from registry.verification.guarded_fetch import GuardedFetcher
from registry.verification.killable import KillableCanonicaliser
from registry.verification.verify import Verifier


@dataclass(frozen=True)
class Registry:
    """The parts of one running registry."""

    settings: Settings
    public_url: str
    database: Database
    recorder: EventRecorder
    history: History
    application: CredentialRegistry
    housekeeping: Housekeeping
    vault: Vault
    api_keys: ApiKeys
    access_log: AccessLog
    folder: PublishFolder
    catch_up: CatchUp
    publisher: Publisher
    runner: Runner
    token_key: Callable[[], bytes]
    """Gives the 32 bytes that access tokens are signed with."""
    canonicaliser: KillableCanonicaliser

    def close(self) -> None:
        """Stop the background work and close the database."""
        self.runner.stop()
        self.canonicaliser.close()
        self.database.close()


def now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)


def nonce() -> str:
    """Return 128 random bits in hex."""
    return os.urandom(16).hex()


@dataclass(frozen=True)
class Audit:
    """What reads the history and compares: no key, no secret, nothing that writes."""

    public_url: str
    database: Database
    history: History
    replay: Replay


def build_audit(settings: Settings) -> Audit:
    """Build what an auditor needs; raises NotInitialisedError. Needs no master key."""
    public_url = _public_url(settings)
    database = Database(settings.effective_database_url)
    history = History(open_recorder(database))
    folder = PublishFolder(settings.effective_publish_folder)
    return Audit(public_url, database, history, Replay(database, history, folder, public_url, ALL))


def _public_url(settings: Settings) -> str:
    if settings.public_url is None:
        raise NotInitialisedError(
            f"there is no public URL in {settings.folder / 'registry.toml'} or REGISTRY_PUBLIC_URL",
            field="public_url",
            remedy="run: registry init --public-url https://…",
        )
    return settings.public_url


def build(settings: Settings) -> Registry:
    """Build a registry that `init` has made; raises NotInitialisedError or MasterKeyError."""
    public_url = _public_url(settings)
    database = Database(settings.effective_database_url)
    keys = open_key_store(settings, database)
    commands = Commands(keys, clock=now, entropy=os.urandom)
    recorder = open_recorder(database)
    wake = _Wake()
    streams = Streams(recorder, wake=wake)
    vault = Vault(database, keys)
    allocator = Allocator(streams, keys, commands, list_size=settings.list_size)
    # Apart from the one for verifying, so that strangers' documents keep no issuer waiting.
    canonicaliser = KillableCanonicaliser()
    application = CredentialRegistry(
        streams=streams,
        commands=commands,
        keys=keys,
        vault=vault,
        allocator=allocator,
        public_url=public_url,
        canonicalise=canonicaliser,
    )
    history = History(recorder)
    folder = PublishFolder(settings.effective_publish_folder)
    publisher = _publisher(
        settings, application, streams, history=history, folder=folder, database=database
    )
    catch_up = CatchUp(database, history, ALL)
    housekeeping = Housekeeping(database=database, streams=streams, commands=commands, vault=vault)
    runner = Runner(
        prepare=lambda: check(database, public_url),
        catch_up=catch_up,
        publisher=publisher,
        scheduler=_scheduler(settings, database, housekeeping),
    )
    wake.target = runner.wake
    return Registry(
        settings=settings,
        public_url=public_url,
        database=database,
        recorder=recorder,
        history=history,
        application=application,
        housekeeping=housekeeping,
        vault=vault,
        api_keys=ApiKeys(database),
        access_log=AccessLog(database),
        folder=folder,
        catch_up=catch_up,
        publisher=publisher,
        runner=runner,
        token_key=lambda: keys.keyed_digest(REGISTRY, "oauth/access-tokens", b""),
        canonicaliser=canonicaliser,
    )


def build_verifier(
    registry: Registry, *, canonicalise: Canonicaliser, development: bool
) -> Verifier:
    """Build what verifies for a process as long as it lives; it reads the registry's own lists.

    In `development` others' lists may be on this machine.
    """
    beyond = GuardedFetcher(allow_loopback=development)
    fetcher = OwnDocuments(registry.folder, registry.public_url, beyond=beyond)
    cache = OthersListCache(registry.public_url)
    return Verifier(fetcher, cache=cache, canonicalise=canonicalise)


def _publisher(
    settings: Settings,
    application: CredentialRegistry,
    streams: Streams,
    *,
    history: History,
    folder: PublishFolder,
    database: Database,
) -> Publisher:
    terms = Terms(
        validity=timedelta(seconds=settings.list_validity_seconds),
        ttl=timedelta(seconds=settings.list_ttl_seconds),
    )
    press = Press(
        append=streams.append,
        folder=folder,
        open_signer=application.open_signer,
        public_url=application.public_url,
        clock=now,
        nonce=nonce,
        terms=terms,
    )
    return Publisher(
        snapshot=database.snapshot,
        history=history,
        press=press,
        did_publisher=DidPublisher(folder),
        folder=folder,
        clock=now,
        terms=terms,
    )


def _scheduler(settings: Settings, database: Database, housekeeping: Housekeeping) -> Scheduler:
    retention = timedelta(days=settings.list_retention_days)
    return Scheduler(
        snapshot=database.snapshot,
        housekeeping=housekeeping,
        retirement=Retirement(snapshot=database.snapshot, retention=retention),
        clock=now,
    )


def check(database: Database, public_url: str) -> None:
    """Raise unless the database has the newest form and was made for this public URL."""
    schema.check(database)
    installation.check_public_url(database, public_url)
    prepare(database, ALL)


def initialise(settings: Settings) -> None:
    """Make the master key and the database of a new registry and record its public URL.

    Safe to repeat with the same public URL; raises PublicUrlError for another.
    """
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.master_key is None:
        with suppress(FileExistsError):
            make_master_key(settings.master_key_file)
    database = Database(settings.effective_database_url)
    try:
        schema.upgrade(database)
        at = instant(now())
        installation.record_public_url(database, settings.public_url or "", at=at)
        open_key_store(settings, database).find_or_create([REGISTRY], at=at)
        prepare(database, ALL)
    finally:
        database.close()


def open_key_store(settings: Settings, database: Database) -> KeyStore:
    """Return the key store, opened with the master key of the settings."""
    given = settings.master_key.get_secret_value() if settings.master_key else None
    return KeyStore(database, read_master_key(given, file=settings.master_key_file))


class _Wake:
    """Calls the runner, which is built after the streams that wake it."""

    def __init__(self) -> None:
        self.target: Callable[[int], None] = lambda _position: None

    def __call__(self, position: int) -> None:
        self.target(position)
