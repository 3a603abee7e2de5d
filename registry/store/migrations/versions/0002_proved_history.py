"""The transparency log's place: how far each log has come, and which leaf an event is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables of the log, and find documents and notes by the learner."""
    op.create_table(
        "log_state",
        sa.Column("log_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("closed_at", sa.Text),
    )
    op.create_table(
        "log_runs",
        sa.Column("log_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("first_position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("first_index", sa.BigInteger, nullable=False),
    )
    # One learner's documents and notes are found to be erased, or handed over.
    for table in ("documents", "notes"):
        op.create_index(f"{table}_by_subject", table, ["subject_ref"])
