"""Which processes a registry is served by, as roles and number of workers ask for."""

from dataclasses import dataclass

from api.settings import Settings
from projections.process_roles import BACKGROUND, EVERYTHING, ProcessRole
from registry.domain.errors import InvalidValueError


@dataclass(frozen=True)
class Plan:
    """What the workers that answer HTTP do besides, and what one process beside them does.

    `http` is None where nothing answers HTTP, `background` where nothing is left to do.
    """

    http: Settings | None
    background: Settings | None

    @property
    def serves_metrics(self) -> str:
        """Which of the two tells Prometheus: the one that leads, where there are both."""
        return "background" if self.background else "http"


def plan(settings: Settings) -> Plan:
    """Return which processes to run; raises InvalidValueError for what cannot be meant.

    One worker does everything that is asked for by itself; several leave all but HTTP to one
    process beside them, so that none of it is done as often as there are workers.
    """
    roles = frozenset(settings.roles) or EVERYTHING
    if ProcessRole.API not in roles:
        _check_no_workers(settings)
        return Plan(None, _with(settings, roles))
    if settings.workers == 1:
        return Plan(_with(settings, roles), None)
    background = roles & BACKGROUND
    http = _with(settings, frozenset({ProcessRole.API}))
    return Plan(http, _with(settings, background) if background else None)


def _check_no_workers(settings: Settings) -> None:
    if settings.workers > 1:
        raise InvalidValueError(
            "workers answer HTTP, which none of the named roles does",
            field="workers",
            remedy="add --role api, or leave --workers out; start a second process for more of it",
        )


def _with(settings: Settings, roles: frozenset[ProcessRole]) -> Settings:
    return settings.model_copy(update={"roles": tuple(sorted(roles))})
