"""The accreditations: schemes, who was accredited under them, and what became of it.

An issuer's standing at any moment is worked out from its few rows (`registry.domain.standing`),
since an accreditation ends by time alone, which no event tells.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, MetaData, Table, Text

from projections.projection import TableMaker, UnhandledEventError
from projections.rows import Rows
from registry.domain import events as e
from registry.domain.accreditation import change_of
from registry.domain.instants import instant

SCHEMES = "accreditation_schemes"
ACCREDITATIONS = "accreditations"


def schemes_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the schemes' table, or the view over it."""
    return Table(
        name,
        metadata,
        Column("scheme_id", Text, primary_key=True),
        Column("name_pl", Text, nullable=False),
        Column("name_en", Text, nullable=False),
        Column("accreditor_id", Text, nullable=False),
        Column("url", Text, nullable=False),
        Column("opened_at", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
    )


def accreditations_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the accreditations' table, or the view over it.

    `changes` lists, in the order recorded, the kind, recorded_at, effective_at and reason of each.
    """
    return Table(
        name,
        metadata,
        Column("accreditation_id", Text, primary_key=True),
        Column("scheme_id", Text, nullable=False),
        Column("issuer_id", Text, nullable=False),
        Column("scope", Text, nullable=False),
        Column("valid_from", Text, nullable=False),
        Column("valid_until", Text),
        Column("endorsement_id", Text),
        Column("granted_at", Text, nullable=False),
        Column("changes", JSON, nullable=False),
        Column("version", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
        Index(f"{name}_by_issuer", "issuer_id", "position"),
    )


class AccreditationsProjection:
    """One row a scheme, one row an accreditation; `position` is that of its first event."""

    name = ACCREDITATIONS
    schema_version = 1
    tables: ClassVar[Mapping[str, TableMaker]] = {
        SCHEMES: schemes_table,
        ACCREDITATIONS: accreditations_table,
    }

    def apply(self, event: e.Event, *, position: int, rows: Rows) -> None:
        """Fold one event."""
        match event:
            case e.AccreditationSchemeOpened():
                rows.insert(SCHEMES, (str(event.originator_id),), _new_scheme(event, position))
            case e.AccreditationGranted():
                row = _new_accreditation(event, position)
                rows.insert(ACCREDITATIONS, (str(event.originator_id),), row)
            case e.AccreditationChange():
                _change(event, rows)
            case (
                e.IssuerEvent()
                | e.AchievementEvent()
                | e.CredentialEvent()
                | e.CredentialNamed()
                | e.StatusListEvent()
                | e.ErasureEvent()
                | e.LegalHoldEvent()
            ):
                pass
            case _:
                raise UnhandledEventError(event.TOPIC)


def _new_scheme(event: e.AccreditationSchemeOpened, position: int) -> dict[str, Any]:
    return {
        "scheme_id": str(event.originator_id),
        "name_pl": event.name_pl,
        "name_en": event.name_en,
        "accreditor_id": event.accreditor_id,
        "url": event.url,
        "opened_at": event.recorded_at,
        "version": event.originator_version,
        "position": position,
    }


def _new_accreditation(event: e.AccreditationGranted, position: int) -> dict[str, Any]:
    return {
        "accreditation_id": str(event.originator_id),
        "scheme_id": event.scheme_id,
        "issuer_id": event.issuer_id,
        "scope": event.scope,
        "valid_from": event.valid_from,
        "valid_until": event.valid_until,
        "endorsement_id": event.endorsement_id,
        "granted_at": event.recorded_at,
        "changes": [],
        "version": event.originator_version,
        "position": position,
    }


def _change(event: e.AccreditationChange, rows: Rows) -> None:
    key = (str(event.originator_id),)
    known = rows.get(ACCREDITATIONS, key) or {"changes": []}
    change = change_of(event)
    told = {
        "kind": change.kind.value,
        "recorded_at": instant(change.recorded_at),
        "effective_at": instant(change.effective_at),
        "reason": event.reason,
    }
    values = {"changes": [*known["changes"], told], "version": event.originator_version}
    rows.change(ACCREDITATIONS, key, values)
