"""The credentials view: the present state of each credential, for search and for the scheduler."""

from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, text

from projections.projection import TableMaker, UnhandledEventError
from projections.rows import Rows
from registry.domain import events as e
from registry.domain.credential import Status

VIEW = "credentials"
IS_CHANGED = f"status <> '{Status.ACTIVE}'"
"""A query has to say it as it is written here, for its index to be of use."""


def credentials_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the table, or with name "credentials" the view over it."""
    return Table(
        name,
        metadata,
        Column("credential_id", Text, primary_key=True),
        Column("issuer_id", Text, nullable=False),
        Column("achievement_id", Text),
        Column("achievement_version", Integer),
        Column("subject_ref", Text, nullable=False),
        Column("list_id", Text),
        Column("list_index", Integer),
        Column("profile", Text, nullable=False),
        Column("document_digest", Text, nullable=False),
        Column("valid_from", Text, nullable=False),
        Column("valid_until", Text),
        Column("supersedes", Text),
        Column("superseded_by", Text),
        Column("issued_at", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("status_since", Text, nullable=False),
        Column("reason", Text),
        Column("suspended_until", Text),
        Column("version", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
        Index(f"{name}_by_issuer", "issuer_id", "position"),
        # Of a million credentials most are active, and whoever looks for the others wants few.
        Index(
            f"{name}_changed",
            "issuer_id",
            "status",
            "position",
            postgresql_where=text(IS_CHANGED),
            sqlite_where=text(IS_CHANGED),
        ),
        Index(f"{name}_by_subject", "subject_ref"),
        Index(f"{name}_by_suspension_end", "suspended_until"),
    )


class CredentialsProjection:
    """One row a credential; `position` is that of its issuance, which pages are ordered by."""

    name = VIEW
    schema_version = 3
    tables: ClassVar[Mapping[str, TableMaker]] = {VIEW: credentials_table}

    def apply(self, event: e.Event, *, position: int, rows: Rows) -> None:
        """Fold one event."""
        match event:
            case e.CredentialIssued():
                rows.insert(VIEW, (str(event.originator_id),), _new_row(event, position))
            case e.CredentialSuspended():
                self._change(event, rows, Status.SUSPENDED, event.until)
            case e.CredentialReinstated():
                self._change(event, rows, Status.ACTIVE, None)
            case e.CredentialRevoked():
                self._change(event, rows, Status.REVOKED, None)
                if event.superseded_by:
                    values = {"superseded_by": event.superseded_by}
                    rows.change(VIEW, (str(event.originator_id),), values)
            case e.CredentialDocumentErased():
                version = {"version": event.originator_version}
                rows.change(VIEW, (str(event.originator_id),), version)
            case (
                e.IssuerEvent()
                | e.AchievementEvent()
                | e.CredentialNamed()
                | e.StatusListEvent()
                | e.ErasureEvent()
                | e.LegalHoldEvent()
                | e.AccreditationSchemeOpened()
                | e.AccreditationEvent()
            ):
                pass
            case _:
                raise UnhandledEventError(event.TOPIC)

    def _change(
        self,
        event: e.CredentialSuspended | e.CredentialReinstated | e.CredentialRevoked,
        rows: Rows,
        status: Status,
        suspended_until: str | None,
    ) -> None:
        values = {
            "status": status.value,
            "status_since": event.recorded_at,
            "reason": event.reason,
            "suspended_until": suspended_until,
            "version": event.originator_version,
        }
        rows.change(VIEW, (str(event.originator_id),), values)


def _new_row(event: e.CredentialIssued, position: int) -> dict[str, object]:
    return {
        "credential_id": str(event.originator_id),
        "issuer_id": event.issuer_id,
        "achievement_id": event.achievement_id,
        "achievement_version": event.achievement_version,
        "subject_ref": event.subject_ref,
        "list_id": event.list_id,
        "list_index": event.list_index,
        "profile": event.profile,
        "document_digest": event.document_digest,
        "valid_from": event.valid_from,
        "valid_until": event.valid_until,
        "supersedes": event.supersedes,
        "superseded_by": None,
        "issued_at": event.recorded_at,
        "status": Status.ACTIVE.value,
        "status_since": event.recorded_at,
        "reason": None,
        "suspended_until": None,
        "version": event.originator_version,
        "position": position,
    }
