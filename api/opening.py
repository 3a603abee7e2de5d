"""Open what the settings name: the public URL, the database's keys and the log's."""

from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.settings import Settings
from projections.transparency.origins import origin_of
from registry.store.database import Database
from registry.store.installation import NotInitialisedError
from registry.store.key_store import KeyStore, read_master_key
from registry.store.log_keys import read_log_keys
from registry.store.standby_reading import ReadingDatabase, Recorded


def public_url_of(settings: Settings) -> str:
    """Return the public URL; raises NotInitialisedError where none was set."""
    if settings.public_url is None:
        raise NotInitialisedError(
            f"there is no public URL in {settings.folder / 'registry.toml'} or REGISTRY_PUBLIC_URL",
            field="public_url",
            remedy="run: registry init --public-url https://…",
        )
    return settings.public_url


def open_reading(settings: Settings) -> Database | None:
    """Return the standby that auditors' questions are answered from, None where none is set."""
    url = settings.reading_database_url
    return ReadingDatabase(url, is_ours=partial(_is_ours, settings)) if url else None


def _is_ours(settings: Settings, recorded: Recorded) -> bool:
    """Return whether a database is of this registry, and of this shard of it.

    One that was copied for another shard has the origin of that one's log.
    """
    public_url, number, origin = recorded
    if public_url != settings.public_url:
        return False
    return number is None or origin == origin_of(public_url, number, settings.shard)


def open_key_store(settings: Settings, database: Database) -> KeyStore:
    """Return the key store, opened with the master key of the settings."""
    given = settings.master_key.get_secret_value() if settings.master_key else None
    return KeyStore(database, read_master_key(given, file=settings.master_key_file))


def open_log_keys(settings: Settings) -> tuple[Ed25519PrivateKey, ...]:
    """Return the keys that sign checkpoints, the primary first; raises LogKeyError."""
    given = settings.log_key.get_secret_value() if settings.log_key else None
    return read_log_keys(given, file=settings.log_key_file)
