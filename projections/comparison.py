"""One run of a replay's comparison: the history folded beside what the registry has and serves."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from bitarray import bitarray
from sqlalchemy import Connection, Table, select

from projections import kept_documents, positions
from projections.credentials import CredentialsProjection
from projections.differences import Difference, Outcome
from projections.fold import Fold
from projections.history import History, Recorded, Unreadable
from projections.list_versions import ListVersions
from projections.projection import Projection
from projections.publish_folder import PublishFolder
from projections.scratch import Scratch, ScratchRows
from projections.served import Served
from projections.side_by_side import BATCH, Values, in_order, names_key_first, unequal
from projections.status_lists import StatusListsProjection
from registry.domain.events import SigningKeyAdded, StatusListPublished

LONGEST_SHOWN = 100


def hold_tables(connection: Connection, projections: Iterable[Projection]) -> None:
    """Touch every table that is live, so that PostgreSQL keeps them until this reading ends."""
    for projection in projections:
        generation = positions.live(connection, projection.name).generation
        for table in generation.tables(projection.tables).values():
            connection.execute(select(table).limit(0)).close()


class Comparison:
    """Compares over one snapshot of the database; tells `outcome` how far it came."""

    def __init__(  # noqa: PLR0913 - each by name
        self,
        history: History,
        folder: PublishFolder,
        public_url: str,
        *,
        projections: Iterable[Projection],
        connection: Connection,
        scratch: Scratch,
        outcome: Outcome,
        on_progress: Callable[[str, int, int], None],
        shard: str | None = None,
    ) -> None:
        self.history, self.folder = history, folder
        self.connection, self.scratch = connection, scratch
        self.on_progress = on_progress
        places = [positions.live(connection, p.name) for p in projections]
        self.tables = {
            projection.name: place.generation.tables(projection.tables)
            for projection, place in zip(projections, places, strict=True)
        }
        self.generations = [place.generation for place in places]
        self.unreadable = set[int]()
        stops = {place.generation.projection: place.position for place in places}
        newest = max(stops.values())
        self.fold = Fold(projections, scratch.rows, stops)
        self.outcome = outcome
        outcome.position, outcome.pending = newest, history.end() - newest
        self.versions = ListVersions(folder, public_url, self.outcome)
        self.served = Served(history, folder, scratch, shard)

    def differences(self, *, all_versions: bool) -> Generator[Difference]:
        """Yield every difference, history first, then what is served, then the views.

        Documents come last: after a restore some are gone for good, which hides nothing else.
        """
        waiting = self._versions(all_versions=all_versions)
        yield from self._in_history(waiting)
        yield from self._in_frozen_streams()
        yield from self.served.differences()
        yield from self._in_views()
        if (rows := self.scratch.rows.get(CredentialsProjection.name)) is not None:
            yield from kept_documents.differences(
                self.connection, rows, self.history, elsewhere=self.served.elsewhere()
            )

    def _in_frozen_streams(self) -> Iterator[Difference]:
        """Yield what is frozen without an event that cannot be read; those are named before."""
        for generation in self.generations:
            for frozen in positions.frozen_streams(self.connection, generation):
                if frozen.notification_id not in self.unreadable:
                    what = f"frozen_streams {generation.projection} {frozen.notification_id}"
                    yield Difference(what, frozen.notification_id, "no row", frozen.reason)

    def _versions(self, *, all_versions: bool) -> list[StatusListPublished]:
        """Return the published versions to make again, the one made first at the end.

        The keys that were ever added are taken in on the way: a list is signed with a key that
        was added before it was published, perhaps after the position it states.
        """
        topics = (StatusListPublished.TOPIC, SigningKeyAdded.TOPIC)
        stop = self.fold.stops[StatusListsProjection.name]
        chosen: dict[object, StatusListPublished] = {}
        for item in self.history.all(topics=topics):
            match item:
                case Recorded(event=SigningKeyAdded() as added):
                    self.versions.add_key(added)
                case Recorded(event=StatusListPublished() as event) if item.position <= stop:
                    version = event.originator_version if all_versions else 0
                    chosen[event.originator_id, version] = event
        return sorted(chosen.values(), key=lambda event: event.position, reverse=True)

    def _in_history(self, waiting: list[StatusListPublished]) -> Iterator[Difference]:
        for item in self.history.all(stop=self.outcome.position):
            # A version states the position up to which it is the fold, so its bits are compared
            # before the first event after that position, also where the one there is gone.
            yield from self._in_versions(waiting, before=item.position)
            unreadable = item if isinstance(item, Unreadable) else self._folded(item)
            if unreadable is not None:
                self.unreadable.add(item.position)
                yield Difference("event", item.position, "a known event", unreadable.reason)
            self.outcome.events += 1
            if self.outcome.events % BATCH == 0:
                self.on_progress("events", item.position, self.outcome.position)
        yield from self._in_versions(waiting, before=self.outcome.position + 1)

    def _folded(self, item: Recorded) -> Unreadable | None:
        self.scratch.begin(item.position)
        return self.fold.apply(item.event, item.position)

    def _in_versions(
        self, waiting: list[StatusListPublished], *, before: int
    ) -> Iterator[Difference]:
        while waiting and waiting[-1].position < before:
            event = waiting.pop()
            self.outcome.versions += 1
            bits = self.fold.bits((event.list_id, event.purpose))
            yield from self.versions.differences(event, bits)

    def _in_views(self) -> Iterator[Difference]:
        total = sum(rows.count() for rows in self.scratch.rows.values())
        for projection, tables in self.tables.items():
            for view, table in tables.items():
                rows = self.scratch.rows[projection]
                try:
                    yield from self._in_view(view, table, rows, total=total)
                except (TypeError, ValueError) as error:
                    # SQLite keeps values of any type, and no event makes one that is not read.
                    yield Difference(view, None, "rows that can be read", type(error).__name__)

    def _in_view(
        self, view: str, table: Table, rows: ScratchRows, *, total: int
    ) -> Iterator[Difference]:
        names, key_length = names_key_first(table), len(table.primary_key)
        found = self._counted(in_order(self.connection, table, names), total)
        for pair in unequal(rows.ordered(view, names), found, key_length=key_length):
            key = next(values for values in pair if values is not None)[:key_length]
            name, position = " ".join(map(str, key)), rows.written_by(view, key)
            for column, *shown in _unequal_columns(names, *pair):
                what = f"{column} of {view} {name}" if column else f"{view} {name}"
                yield Difference(what, position, *shown)

    def _counted(self, rows: Iterator[Values], total: int) -> Iterator[Values]:
        for row in rows:
            self.outcome.rows += 1
            if self.outcome.rows % BATCH == 0:
                self.on_progress("rows", self.outcome.rows, total)
            yield row


def _unequal_columns(
    names: Sequence[str], expected: Values | None, found: Values | None
) -> Iterator[tuple[str, str, str]]:
    """Yield the name and both values of each column that differs; no name for a whole row."""
    if expected is None or found is None:
        yield "", "a row" if expected else "no row", "a row" if found else "no row"
        return
    for name, ours, theirs in zip(names, expected, found, strict=True):
        if ours != theirs:
            yield name, *_shown(ours, theirs)


def _shown(expected: object, found: object) -> tuple[str, str]:
    """Return two values as a person tells them apart."""
    if isinstance(expected, bitarray) and isinstance(found, bitarray):
        if len(expected) == len(found):
            index = (expected ^ found).find(1)
            return f"entry {index} is {expected[index]}", f"entry {index} is {found[index]}"
        expected, found = f"{len(expected)} entries", f"{len(found)} entries"
    return _brief(expected), _brief(found)


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:80]}… ({len(text)} characters)"
