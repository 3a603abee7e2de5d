"""Which learners hold a credential of an achievement, asked for many at once."""

from collections.abc import Sequence

from sqlalchemy import MetaData, select

from projections import positions
from projections.credentials import VIEW, credentials_table
from registry.domain.credential import Status
from registry.store.bulk import among
from registry.store.database import Database

_credentials = credentials_table(MetaData(), VIEW)


class HeldCredentials:
    """Reads the view of credentials."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def position(self) -> int:
        """Return the notification id of the last event that the view holds."""
        with self._database.reading() as connection:
            return positions.live(connection, VIEW).position

    def newest(
        self, issuer_id: str, achievement_id: str, references: Sequence[str]
    ) -> dict[str, str]:
        """Return the newest credential of each learner that is not revoked, by its reference."""
        own = (
            _credentials.c.issuer_id == issuer_id,
            _credentials.c.achievement_id == achievement_id,
            _credentials.c.status != Status.REVOKED.value,
        )
        columns = (_credentials.c.subject_ref, _credentials.c.credential_id)
        query = select(*columns).where(*own).order_by(_credentials.c.position)
        with self._database.reading() as connection:
            query = query.where(among(connection, _credentials.c.subject_ref, references))
            return {row[0]: row[1] for row in connection.execute(query)}
