"""The status arrays to publish from, as the tables of the live generations have them."""

from bitarray import bitarray
from sqlalchemy import Connection, select

from projections import positions
from projections.directory import ISSUERS, DirectoryProjection
from projections.homes import is_here
from projections.press import ArrayState
from projections.status_changes import ListKey
from projections.status_lists import STATUS_ARRAYS, StatusListsProjection


class LiveArrays:
    """The live status arrays and their issuers, as one snapshot of the database has them.

    Those of issuers that are at home in another shard are published there.

    Read from the live generations' own tables: the views over them may be switched meanwhile.
    """

    def __init__(self, connection: Connection, *, shard: str | None) -> None:
        self._connection = connection
        self._place = positions.live(connection, StatusListsProjection.name)
        directory = positions.live(connection, DirectoryProjection.name)
        self._arrays = self._place.generation.tables(StatusListsProjection.tables)[STATUS_ARRAYS]
        self._issuers = directory.generation.tables(DirectoryProjection.tables)[ISSUERS]
        self._is_here = is_here(self._issuers, shard)
        self._is_its_issuer = self._arrays.c.issuer_id == self._issuers.c.issuer_id

    def states(self) -> list[ArrayState]:
        """Return every list that is published, without its bits."""
        arrays, issuers = self._arrays.c, self._issuers.c
        columns = [column for column in arrays if column.name in ArrayState.__dataclass_fields__]
        query = (
            select(
                arrays.list_id,
                arrays.purpose,
                *columns,
                issuers.did,
                issuers["keys"],
                issuers.compromised,
            )
            .join_from(self._arrays, self._issuers, self._is_its_issuer)
            .where(arrays.retired.is_(False), self._is_here)
        )
        return [
            ArrayState(
                list_key=(row["list_id"], row["purpose"]),
                did=row["did"],
                keys=row["keys"],
                compromised=row["compromised"],
                position=self._place.position,
                **{column.name: row[column.name] for column in columns},
            )
            for row in self._connection.execute(query).mappings()
        ]

    def bits(self, key: ListKey) -> bitarray:
        """Return the bits of one list."""
        arrays = self._arrays.c
        query = select(arrays.bits).where(arrays.list_id == key[0], arrays.purpose == key[1])
        bits: bitarray = self._connection.execute(query).scalar_one()
        return bits

    def retired(self) -> list[ListKey]:
        """Return the lists that are published no more."""
        query = select(self._arrays.c.list_id, self._arrays.c.purpose)
        query = query.join_from(self._arrays, self._issuers, self._is_its_issuer)
        rows = self._connection.execute(query.where(self._arrays.c.retired, self._is_here))
        return [(row[0], row[1]) for row in rows]

    def frozen(self) -> dict[str | None, str]:
        """Return the issuers whose lists are frozen, None standing for all, with the reason."""
        return {
            stream.issuer_id: f"event {stream.notification_id} is unreadable: {stream.reason}"
            for stream in positions.frozen_streams(self._connection, self._place.generation)
        }
