"""What a process of the registry does: all of it, or a part beside other processes."""

from enum import StrEnum


class ProcessRole(StrEnum):
    """One part of the work, which a process has or has not."""

    API = "api"
    PROJECTIONS = "projections"
    PUBLISHER = "publisher"
    LOG = "log"
    SCHEDULER = "scheduler"
    JOBS = "jobs"
    STATIC = "static"


EVERYTHING = frozenset(ProcessRole)
BACKGROUND = EVERYTHING - {ProcessRole.API}
"""What needs no HTTP."""
