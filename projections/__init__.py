"""Everything that can be thrown away and rebuilt from the events: views, lists, publications."""

from projections.credentials import CredentialsProjection
from projections.directory import DirectoryProjection
from projections.projection import Projection
from projections.status_lists import StatusListsProjection
from projections.timeline import TimelineProjection

ALL: tuple[Projection, ...] = (
    StatusListsProjection(),
    CredentialsProjection(),
    TimelineProjection(),
    DirectoryProjection(),
)
"""The built-in projections; status lists first, for they are what verifiers wait for."""
