"""What `registry init` fixed for good: the public URL, which stands inside signed documents."""

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from registry.domain.errors import RegistryError
from registry.store.database import Database
from registry.store.tables import installation


class PublicUrlError(RegistryError):
    """The public URL is not the one this registry was made with."""


class NotInitialisedError(RegistryError):
    """This registry has no public URL yet."""


def record_public_url(database: Database, public_url: str, *, at: str) -> None:
    """Record the public URL of a new registry; raises PublicUrlError where another stands."""
    row = {"id": 1, "public_url": public_url, "created_at": at, "swept_until": at}
    dialect = sqlite if database.is_sqlite else postgresql
    with database.writing() as connection:
        connection.execute(dialect.insert(installation).on_conflict_do_nothing(), [row])
    check_public_url(database, public_url)


def recorded_public_url(database: Database) -> str | None:
    """Return the public URL recorded at `init`, or None."""
    with database.reading() as connection:
        return connection.execute(select(installation.c.public_url)).scalar_one_or_none()


def check_public_url(database: Database, public_url: str) -> None:
    """Raise unless `public_url` is the recorded one."""
    recorded = recorded_public_url(database)
    if recorded is None:
        raise NotInitialisedError("nothing is recorded yet", remedy="run: registry init")
    if recorded != public_url:
        raise PublicUrlError(
            f"the registry was made as {recorded} and is started as {public_url}",
            field="REGISTRY_PUBLIC_URL",
            remedy=f"start it as {recorded}, since every signed document names that URL",
        )


def swept_until(database: Database) -> str:
    """Return the instant up to which the vault was swept."""
    with database.reading() as connection:
        return str(connection.execute(select(installation.c.swept_until)).scalar_one())


def record_sweep(database: Database, *, until: str) -> None:
    """Record that everything stored before `until` was swept."""
    with database.writing() as connection:
        connection.execute(update(installation).values(swept_until=until))
