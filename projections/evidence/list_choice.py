"""Choose which versions of a credential's lists belong into its evidence.

For each change of an entry the last version before it and the first that carries it, the first
version that the credential was in, and the newest: they show since when everybody could know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, MetaData, UnaryExpression, select

from projections.past.list_history import LIST_VERSIONS, list_versions_table
from registry.formats.evidence.statements import BITS
from registry.formats.tlog.leaves import EventLeaf

_versions = list_versions_table(MetaData(), LIST_VERSIONS).c


@dataclass(frozen=True)
class Choice:
    """Chooses among the versions of a list that were published up to a position."""

    connection: Connection
    list_id: str
    until: int

    def versions(self, purpose: str, history: Sequence[tuple[EventLeaf, int]]) -> list[int]:
        """Return the numbers of the versions for one purpose, oldest first.

        `history` are the credential's events with their positions, its issuance first.
        """
        changes = [position for leaf, position in history if (purpose, leaf.topic) in BITS]
        found = {self._first(purpose, each) for each in (history[0][1], *changes)}
        found |= {self._last(purpose, _versions.position < each) for each in changes}
        found.add(self._last(purpose, _versions.position >= 0))
        return sorted(version for version in found if version is not None)

    def _first(self, purpose: str, position: int) -> int | None:
        return self._one(purpose, _versions.position >= position, _versions.version.asc())

    def _last(self, purpose: str, condition: ColumnElement[bool]) -> int | None:
        return self._one(purpose, condition, _versions.version.desc())

    def _one(
        self, purpose: str, condition: ColumnElement[bool], order: UnaryExpression[int]
    ) -> int | None:
        of_list = (_versions.list_id == self.list_id, _versions.purpose == purpose)
        query = (
            select(_versions.version)
            .where(*of_list, _versions.published_position <= self.until, condition)
            .order_by(order)
            .limit(1)
        )
        found: int | None = self.connection.execute(query).scalar_one_or_none()
        return found
