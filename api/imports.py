"""From an uploaded CSV file to orders: every fault of every row is found before any is issued."""

from dataclasses import asdict

from api.bootstrap import Registry
from api.errors import RefusedFileError
from registry.csv_import import Fault, FileError, Row, parse_rows
from registry.issuance import Learner, Order, complete_definition


def imported_orders(
    file: bytes, issuer_id: str, achievement_id: str, *, registry: Registry
) -> list[Order]:
    """Return an order for each row; raises RefusedFileError naming every fault."""
    achievement = registry.application.achievement(issuer_id, achievement_id)
    scheme = complete_definition(achievement).grade_scheme
    grades = scheme.allowed_values or None if scheme else ()
    try:
        rows = parse_rows(file, grades=grades)
    except FileError as error:
        raise refused(error.faults) from error
    return [order_of(row, achievement_id) for row in rows]


def order_of(row: Row, achievement_id: str) -> Order:
    """Return the order that a row stands for."""
    return Order(
        achievement_id,
        Learner(row.identity_type, row.identifier, name=row.name),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        grade=row.grade,
    )


def refused(faults: tuple[Fault, ...]) -> RefusedFileError:
    """Return the error for a file with faults."""
    return RefusedFileError(
        f"the file has faults ({len(faults)}); nothing was issued",
        errors=[asdict(fault) for fault in faults],
    )
