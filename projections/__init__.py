"""Everything that can be thrown away and rebuilt from the events: views, lists, publications."""

from projections.accreditations import AccreditationsProjection
from projections.credentials import CredentialsProjection
from projections.directory import DirectoryProjection
from projections.erasures import ErasuresProjection
from projections.past.intervals import IntervalsProjection
from projections.past.list_history import ListHistoryProjection
from projections.projection import Projection
from projections.status_lists import StatusListsProjection
from projections.timeline import TimelineProjection

ALL: tuple[Projection, ...] = (
    StatusListsProjection(),
    CredentialsProjection(),
    TimelineProjection(),
    DirectoryProjection(),
    IntervalsProjection(),
    ListHistoryProjection(),
    AccreditationsProjection(),
    ErasuresProjection(),
)
"""The built-in projections; status lists first, for they are what verifiers wait for."""

VIEWS: tuple[str, ...] = tuple(view for each in ALL for view in each.tables)
"""What is read of them: whoever asks several questions of one moment keeps these as they are."""

LISTS: tuple[Projection, ...] = tuple(
    each for each in ALL if each.name in {StatusListsProjection.name, DirectoryProjection.name}
)
"""What lists are published from, and so folded before everything else."""

OTHERS: tuple[Projection, ...] = tuple(each for each in ALL if each not in LISTS)
