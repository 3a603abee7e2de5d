"""What a projection is: a name, tables, and how one event changes their rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from sqlalchemy import MetaData, Table

from projections.rows import Rows
from registry.domain.events import Event

TableMaker = Callable[[MetaData, str], Table]


class Projection(Protocol):
    """Folds events into rows; the same events in the same order give the same rows.

    `tables` maps the name a reader uses to the maker of one generation's table. A change of
    the tables or of what `apply` writes needs a higher `schema_version`. `apply` must know
    every event class and pass over those it has no use for, by name. It raises
    ImpossibleEventError before it changes a row, and nothing else.
    """

    @property
    def name(self) -> str: ...

    @property
    def schema_version(self) -> int: ...

    @property
    def tables(self) -> Mapping[str, TableMaker]: ...

    def apply(self, event: Event, *, position: int, rows: Rows) -> None: ...


@dataclass(frozen=True)
class Generation:
    """One set of a projection's tables; readers see the live one through SQL views."""

    projection: str
    number: int

    def table_name(self, name: str) -> str:
        """Return the name of this generation's table for the view `name`."""
        return f"{name}_g{self.number}"

    def tables(self, makers: Mapping[str, TableMaker]) -> dict[str, Table]:
        """Return the tables of this generation by the names readers use."""
        return _tables(self, tuple(makers.items()))


@lru_cache
def _tables(generation: Generation, makers: tuple[tuple[str, TableMaker], ...]) -> dict[str, Table]:
    # The same objects each time, so that SQLAlchemy compiles their statements once.
    metadata = MetaData()
    return {name: make(metadata, generation.table_name(name)) for name, make in makers}


class ImpossibleEventError(Exception):
    """An event cannot be applied: nothing this registry records leads to it."""


class UnhandledEventError(ImpossibleEventError):
    """A projection met an event class that it neither applies nor passes over by name."""
