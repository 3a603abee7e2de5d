"""What is said of a row of an issuing in bulk: each code is stable, and means one thing."""

from enum import StrEnum


class RowCode(StrEnum):
    """What was found of a row, or became of it."""

    # The row cannot be read.
    CELLS_MISSING = "cells-missing"
    LINE_TOO_LONG = "line-too-long"
    NOT_JSON = "not-json"
    NOT_CSV = "not-csv"
    NOT_TEXT = "not-text"
    COLUMN_UNKNOWN = "column-unknown"
    COLUMN_TWICE = "column-twice"
    COLUMN_MISSING = "column-missing"

    # A cell is not what it must be.
    EMAIL_MALFORMED = "email-malformed"
    IDENTIFIER_MISSING = "identifier-missing"
    IDENTIFIER_TWICE = "identifier-twice"
    IDENTIFIER_MALFORMED = "identifier-malformed"
    IDENTITY_TYPE_UNKNOWN = "identity-type-unknown"
    NAME_MALFORMED = "name-malformed"
    NAME_TWICE = "name-twice"
    GRADE_MALFORMED = "grade-malformed"
    GRADE_UNKNOWN = "grade-unknown"
    GRADE_UNSCHEMED = "grade-unschemed"
    DATE_MALFORMED = "date-malformed"
    DATE_IMPOSSIBLE = "date-impossible"
    PERIOD_EMPTY = "period-empty"
    PERIOD_OVER = "period-over"

    # There are too many rows, or none.
    ROWS_MISSING = "rows-missing"
    ROWS_TOO_MANY = "rows-too-many"

    # The learner has it already, or would get it twice.
    DUPLICATE_IN_FILE = "duplicate-in-file"
    ALREADY_ISSUED = "already-issued"
    SKIPPED_IN_FILE = "skipped-in-file"
    SKIPPED_AS_ISSUED = "skipped-as-issued"
    REPLACED_IN_FILE = "replaced-in-file"

    # What became of it.
    ACCEPTED = "accepted"
    SUPERSEDES = "supersedes"
    ISSUED = "issued"
    ISSUED_ANEW = "issued-anew"
    REVOKED_MEANWHILE = "revoked-meanwhile"
    JOB_CANCELLED = "job-cancelled"
    JOB_FAILED = "job-failed"
