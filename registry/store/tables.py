"""The tables that cannot be rebuilt from events; `migrations` creates and changes them."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

metadata = MetaData()
serial = BigInteger().with_variant(Integer(), "sqlite")
"""A counting key; SQLite counts only in a column of the very type INTEGER."""

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("public_url", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("swept_until", Text, nullable=False),
)

stored_events = Table(
    "stored_events",
    metadata,
    Column("notification_id", serial, primary_key=True, autoincrement=True),
    Column("originator_id", Uuid().with_variant(Text(), "sqlite"), nullable=False),
    Column("originator_version", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    UniqueConstraint("originator_id", "originator_version", name="stored_events_stream"),
    sqlite_autoincrement=True,
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
)

subjects = Table(
    "subjects",
    metadata,
    Column("subject_ref", Text, primary_key=True),
    Column("issuer_id", Text, nullable=False),
    Column("identifier_hash", Text, nullable=False),
    Column("person", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
    UniqueConstraint("issuer_id", "identifier_hash", name="subjects_person"),
)

documents = Table(
    "documents",
    metadata,
    Column("credential_id", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("subject_ref", Text, ForeignKey("subjects.subject_ref"), nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
    Index("documents_by_age", "created_at"),
    Index("documents_by_subject", "subject_ref"),
)

notes = Table(
    "notes",
    metadata,
    Column("credential_id", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("subject_ref", Text, ForeignKey("subjects.subject_ref"), nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
    Index("notes_by_subject", "subject_ref"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("secret_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("issuer_id", Text),
    Column("label", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("withdrawn_at", Text),
)

access_log = Table(
    "access_log",
    metadata,
    Column("entry_id", serial, primary_key=True, autoincrement=True),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    sqlite_autoincrement=True,
)

projections = Table(
    "projections",
    metadata,
    Column("name", Text, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("live", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("schema_version", Integer, nullable=False),
)

frozen_streams = Table(
    "frozen_streams",
    metadata,
    Column("name", Text, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("notification_id", BigInteger, primary_key=True),
    Column("originator_id", Text, nullable=False),
    Column("issuer_id", Text),
    Column("topic", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

log_state = Table(
    "log_state",
    metadata,
    Column("log_number", Integer, primary_key=True, autoincrement=False),
    Column("origin", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("closed_at", Text),
)
"""Each transparency log: its leaves, the last event among them, and the tree's right edge."""

log_runs = Table(
    "log_runs",
    metadata,
    Column("log_number", Integer, primary_key=True, autoincrement=False),
    Column("first_position", BigInteger, primary_key=True, autoincrement=False),
    Column("first_index", BigInteger, nullable=False),
)
"""Where positions and the leaves' dense indexes part: one row for each run without a gap."""

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("issuer_id", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("request_digest", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("turn", Text),
    Column("priority", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("failure", Text),
    Column("findings", Text),
    Index("jobs_by_state", "state", "priority", "created_at"),
    Index("jobs_by_issuer", "issuer_id", "created_at"),
    Index("jobs_by_turn", "turn"),
)
"""Work in bulk; `terms` is JSON of the kind's own, without anything about a person."""

job_slices = Table(
    "job_slices",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.job_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rows", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("report", Text, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("claimed_by", Text),
    Column("claimed_until", Text),
    Column("content", LargeBinary),
)
"""A job's rows, many in one; `content` is sealed under the job's key, NULL once it was destroyed.

It stands last: SQLite reads what follows a large value page by page.
"""

job_digests = Table(
    "job_digests",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("line", Integer, nullable=False),
)
"""Which line of a job is about whom: keyed digests, deleted once the job's rows are checked."""

APPEND_ONLY = (stored_events.name, access_log.name)
"""Tables in which the database itself refuses UPDATE and DELETE."""
