"""Metrics for Prometheus: measured when asked for, no personal data."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.bootstrap import Registry
from api.clock import now
from projections import erasures, progress
from projections.progress import ListState
from projections.static.copying import Copying
from projections.transparency.errors import TransparencyError
from projections.transparency.reporting import report
from projections.transparency.witnesses import WitnessClient
from registry.domain.errors import RegistryError
from registry.domain.instants import parse_instant
from registry.store.database import Database


class RegistryCollector(Collector):
    """Reads the state of a registry at each scrape; without a database only that it is away."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of this moment."""
        yield from _of_static(self._registry.static)
        try:
            up = _gauge("registry_database_up", "1 while the database answers", 1)
            yield from [up, *self._all()]
        except RegistryError:
            yield _gauge("registry_database_up", "1 while the database answers", 0)

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that registering does not measure."""
        return []

    def _all(self) -> Iterable[Metric]:
        registry, at = self._registry, now()
        yield from _of_process(registry)
        recorder, database = registry.recorder, registry.database
        events = CounterMetricFamily("registry_events", "Position of the newest event")
        events.add_metric([], recorder.max_notification_id() or 0)
        yield events
        yield from _of_log(registry, at)
        yield from _of_witnesses(registry.witnesses)
        lags = progress.lags(database, recorder, now=at)
        yield _by_projection(
            "registry_projection_lag_seconds",
            "Age of the oldest event a view lacks",
            [(lag.name, lag.seconds) for lag in lags],
        )
        yield _by_projection(
            "registry_projection_lag_events",
            "Positions a view is behind",
            [(lag.name, lag.events) for lag in lags],
        )
        yield _of_erasures(database)
        frozen = len(progress.frozen(database))
        yield _gauge("registry_unreadable_events", "Events that froze lists", frozen)
        alarms = len(registry.publisher.alarms)
        yield _gauge("registry_list_alarms", "Lists that could not be published", alarms)
        states = progress.list_states(database, shard=registry.settings.shard)
        lag_seconds = progress.publication_lag_seconds(states, recorder, now=at)
        yield _gauge(
            "registry_publication_lag_seconds", "Age of the oldest unpublished change", lag_seconds
        )
        yield from _of_lists(states, at)


def _of_lists(states: Sequence[ListState], at: datetime) -> Iterable[Metric]:
    """Tell of all lists together: a label a list would be a time series a list for ever."""
    filling = [state.reserved / state.size for state in states if not state.closed]
    yield _gauge("registry_lists", "Published lists, each purpose one", len(states))
    yield _gauge(
        "registry_list_occupancy_ratio",
        "Of the fullest list that is not closed",
        max(filling, default=0),
    )
    published = [state for state in states if state.valid_from and state.valid_until]
    ages = [(at - parse_instant(state.valid_from or "")).total_seconds() for state in published]
    left = [(parse_instant(state.valid_until or "") - at).total_seconds() for state in published]
    if published:
        yield _gauge("registry_list_age_seconds", "Of the list signed longest ago", max(ages))
        yield _gauge("registry_list_expiry_seconds", "Until the first list expires", min(left))


def _of_process(registry: Registry) -> Iterable[Metric]:
    roles = GaugeMetricFamily(
        "registry_process_role", "1 for what this process does", labels=["role"]
    )
    for role in sorted(registry.settings.effective_roles):
        roles.add_metric([role], 1)
    yield roles
    leads = GaugeMetricFamily(
        "registry_leads", "1 for what this process alone does, of all processes", labels=["work"]
    )
    for work in sorted(registry.leadership.held):
        leads.add_metric([work], 1)
    yield leads


def _of_static(copyings: Sequence[Copying]) -> Iterable[Metric]:
    """Tell of each target that this process copies to; without a database as well."""
    running = [copying for copying in copyings if copying.is_running]
    for name, text, value in _STATIC:
        family = GaugeMetricFamily(name, text, labels=["target"])
        for copying in running:
            family.add_metric([copying.standing.url], value(copying))
        yield family


_STATIC: Sequence[tuple[str, str, Callable[[Copying], float]]] = (
    (
        "registry_static_failing",
        "1 while copies cannot be brought to a static target",
        lambda copying: copying.failure is not None,
    ),
    (
        "registry_static_behind",
        "Published files that a static target lacks in their newest version",
        lambda copying: copying.standing.behind,
    ),
    (
        "registry_static_ahead",
        "Files of which a static target has a newer version than the registry: look into it",
        lambda copying: copying.standing.ahead,
    ),
    (
        "registry_static_lag_seconds",
        "Age of the oldest published file that a static target lacks",
        lambda copying: copying.standing.lag_seconds,
    ),
)


def _of_erasures(database: Database) -> Metric:
    family = GaugeMetricFamily(
        "registry_erasures_open", "Erasures that wait for a decision or to settle", labels=["state"]
    )
    for state, number in erasures.open_erasures(database).items():
        family.add_metric([state], number)
    return family


def _of_witnesses(witnesses: WitnessClient | None) -> Iterable[Metric]:
    states = witnesses.states if witnesses is not None else []
    yield _gauge(
        "registry_witnesses_failing",
        "Witnesses that did not cosign when they were asked last",
        sum(state.failure is not None for state in states),
    )
    yield _gauge(
        "registry_witnesses_disagreeing",
        "Witnesses that have seen another tree of the log: somebody must look into it",
        sum(state.disagrees for state in states),
    )


def _of_log(registry: Registry, at: datetime) -> Iterable[Metric]:
    alarm = registry.transparency.alarm is not None
    yield _gauge("registry_log_alarm", "1 while the transparency log does not go on", alarm)
    try:
        found = report(registry.transparency, registry.recorder, now=at)
    except TransparencyError:
        return  # The alarm tells of it.
    yield _gauge("registry_log_size", "Leaves under the newest signed checkpoint", found.size)
    yield _gauge(
        "registry_log_lag_seconds", "Age of the first event no checkpoint covers", found.lag_seconds
    )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _by_projection(name: str, text: str, values: Sequence[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["projection"])
    for projection, value in values:
        family.add_metric([projection], value)
    return family
