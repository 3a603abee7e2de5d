"""Make a registry: its database, and the keys that are kept outside of it."""

from contextlib import suppress

from api import clock
from api.opening import open_key_store
from api.settings import Settings
from projections import ALL
from projections.positions import prepare
from projections.transparency.floor import LogFolder
from projections.transparency.tree_state import has_leaves
from registry.commands import REGISTRY
from registry.domain.instants import instant
from registry.store import installation, schema
from registry.store.database import Database
from registry.store.key_store import make_master_key
from registry.store.log_keys import make_log_key


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
        make_missing_log_key(settings, database)
        at = instant(clock.now())
        installation.record_public_url(database, settings.public_url or "", at=at)
        open_key_store(settings, database).find_or_create([REGISTRY], at=at)
        prepare(database, ALL)
    finally:
        database.close()


def make_missing_log_key(settings: Settings, database: Database) -> None:
    """Make the log's key where none is given, none is there, and nothing was signed yet.

    A log that was signed must not get another key by itself: nobody would trust it.
    """
    folder = LogFolder(settings.effective_log_folder)
    is_signed = any(folder.log(number).checkpoint() for number in folder.numbers())
    if settings.log_key is None and not is_signed and not has_leaves(database):
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            make_log_key(settings.log_key_file)
