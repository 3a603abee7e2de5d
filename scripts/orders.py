"""Check everything about an issuing that can be checked before anything is issued."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api.bootstrap import Registry
from api.clock import nonce
from api.errors import RefusedFileError
from api.imports import imported_orders
from registry.csv_import import Column, grade_fault, parse_rows
from registry.domain.aggregate import Command
from registry.domain.elements import GradeScheme
from registry.domain.errors import InvalidValueError, NoSigningKeyError
from registry.domain.issuer import Issuer
from registry.domain.issuer_keys import key_types_of
from registry.domain.securing import KeyType, Mechanism
from registry.formats.open_badge import check_grade
from registry.issuance import Order, complete_definition
from scripts.local import ACTOR

Fault = dict[str, Any]


def of_file(
    file: bytes, issuer_id: str, achievement_id: str, *, registry: Registry
) -> tuple[list[Order], list[int]]:
    """Return the orders of a CSV file and the line of each; raises RefusedFileError."""
    try:
        orders = imported_orders(file, issuer_id, achievement_id, registry=registry)
    except RefusedFileError as error:
        raise refused(error.errors) from error
    return orders, [row.line for row in parse_rows(file)]


def refused(faults: Sequence[Fault]) -> RefusedFileError:
    """Return the error for a file with faults."""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    error = RefusedFileError(f"{count} in the file; nothing was issued", errors=faults)
    error.field, error.remedy = None, "correct the lines named below, then repeat"
    return error


def period_faults(orders: Sequence[Order], lines: Sequence[int], *, now: datetime) -> list[Fault]:
    """Return a fault for every row whose validity ends before it begins, or is over already."""
    return [
        {"line": line, "column": Column.VALID_UNTIL.value, "reason": error.reason}
        for order, line in zip(orders, lines, strict=True)
        if (error := _period_error(order, now)) is not None
    ]


def _period_error(order: Order, now: datetime) -> InvalidValueError | None:
    try:
        order.check_period(now)
    except InvalidValueError as error:
        return error
    return None


def check_key(registry: Registry, issuer_id: str, orders: Sequence[Order]) -> None:
    """Raise NoSigningKeyError, saying which command makes a key."""
    issuer = registry.application.issuer(issuer_id)
    for achievement_id in {order.achievement_id for order in orders}:
        achievement = registry.application.achievement(issuer_id, achievement_id)
        mechanism = Mechanism(achievement.cryptosuite)
        for key_type in key_types_of(mechanism):
            _check_key(issuer, key_type)


def _check_key(issuer: Issuer, key_type: KeyType) -> None:
    try:
        issuer.signing_key(key_type)
    except NoSigningKeyError as error:
        remedy = f"run: registry issuer key add {issuer.id}"
        if key_type is not KeyType.ED25519:
            remedy += f" --type {key_type}"
        raise NoSigningKeyError("one is made before the first issuing", remedy=remedy) from error


def check(
    registry: Registry,
    issuer_id: str,
    orders: Sequence[Order],
    lines: Sequence[int],
    *,
    now: datetime,
) -> None:
    """Raise what issuing these orders would raise; `lines` is empty where there is no file."""
    registry.application.issuing_rule.check(issuer_id)
    check_key(registry, issuer_id, orders)
    if lines and (faults := period_faults(orders, lines, now=now)):
        raise refused(faults)
    for achievement_id in {order.achievement_id for order in orders}:
        achievement = registry.application.achievement(issuer_id, achievement_id)
        achievement.check_open()
        scheme = complete_definition(achievement).grade_scheme
        check_grades(scheme, orders)
    for order in orders:
        order.check_period(now)
        order.learner.person()
        _check_superseded(registry, issuer_id, order, now=now)


def check_grades(scheme: GradeScheme | None, orders: Sequence[Order]) -> None:
    """Raise InvalidValueError for a grade outside the scheme, naming those it has."""
    for order in orders:
        if order.grade is not None:
            _check_grade(scheme, order.grade)


def _check_grade(scheme: GradeScheme | None, grade: str) -> None:
    try:
        check_grade(scheme, grade)
    except InvalidValueError as error:
        allowed = scheme.allowed_values if scheme else ()
        raise InvalidValueError(grade_fault(allowed), field="grade") from error


def _check_superseded(registry: Registry, issuer_id: str, order: Order, *, now: datetime) -> None:
    if order.supersedes is not None:
        old = registry.application.credential(issuer_id, order.supersedes)
        # Decided in memory and never stored.
        old.supersede(Command(now, ACTOR, nonce(), "", nonce), by=nonce())
