"""The tables of version 0.1: events, secrets, vault, API keys, access log, positions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_REFUSAL = "this table is append-only"


def upgrade() -> None:
    """Create everything."""
    _events()
    _vault()
    _access()
    _projections()
    for table in ("stored_events", "access_log"):
        _append_only(table)


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=nullable)


def _events() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("public_url"),
        _text("created_at"),
        _text("swept_until"),
    )
    op.create_table(
        "stored_events",
        sa.Column("notification_id", _serial(), primary_key=True, autoincrement=True),
        sa.Column("originator_id", sa.Uuid().with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.Column("originator_version", sa.BigInteger, nullable=False),
        _text("topic"),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("originator_id", "originator_version", name="stored_events_stream"),
        sqlite_autoincrement=True,
    )


def _vault() -> None:
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        _text("created_at"),
    )
    op.create_table(
        "subjects",
        sa.Column("subject_ref", sa.Text, primary_key=True),
        _text("issuer_id"),
        _text("identifier_hash"),
        sa.Column("person", sa.LargeBinary, nullable=False),
        _text("created_at"),
        sa.UniqueConstraint("issuer_id", "identifier_hash", name="subjects_person"),
    )
    for table in ("documents", "notes"):
        op.create_table(
            table,
            sa.Column("credential_id", sa.Text, primary_key=True),
            sa.Column("digest", sa.Text, primary_key=True),
            sa.Column(
                "subject_ref", sa.Text, sa.ForeignKey("subjects.subject_ref"), nullable=False
            ),
            sa.Column("ciphertext", sa.LargeBinary, nullable=False),
            _text("created_at"),
        )
    op.create_index("documents_by_age", "documents", ["created_at"])


def _access() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text, primary_key=True),
        _text("secret_hash"),
        _text("role"),
        _text("issuer_id", nullable=True),
        _text("label"),
        _text("created_at"),
        _text("expires_at"),
        _text("withdrawn_at", nullable=True),
    )
    op.create_table(
        "access_log",
        sa.Column("entry_id", _serial(), primary_key=True, autoincrement=True),
        _text("at"),
        _text("actor"),
        _text("method"),
        _text("path"),
        sa.Column("status", sa.Integer, nullable=False),
        _text("reason"),
        _text("request_id"),
        sqlite_autoincrement=True,
    )


def _projections() -> None:
    op.create_table(
        "projections",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("generation", sa.Integer, primary_key=True),
        sa.Column("live", sa.Integer, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
    )
    op.create_table(
        "frozen_streams",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("generation", sa.Integer, primary_key=True),
        sa.Column("notification_id", sa.BigInteger, primary_key=True),
        _text("originator_id"),
        _text("issuer_id", nullable=True),
        _text("topic"),
        _text("reason"),
    )


def _append_only(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )
