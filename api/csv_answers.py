"""Answers as CSV files (RFC 4180) that a spreadsheet opens without obeying what is in them."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response

from api.negotiation import choose

JSON_TYPE = "application/json"
CSV_TYPE = "text/csv"
CSV_CONTENT: dict[int | str, dict[str, Any]] = {200: {"content": {CSV_TYPE: {}}}}
"""Describes that a route answers in CSV as well."""

_COMMANDS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

Row = Mapping[str, Any]


def csv_text(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return a CSV file with a header; of each row the columns named, the absent ones empty."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(columns)
    writer.writerows([_inert(row.get(name)) for name in columns] for row in rows)
    return output.getvalue()


def csv_response(
    columns: Sequence[str], rows: Iterable[Row], *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer that is a CSV file."""
    return Response(csv_text(columns, rows), headers=headers, media_type=CSV_TYPE)


def _inert(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_COMMANDS):
        return f"'{value}"
    return value


def _wants_csv(
    request: Request,
    format_: Annotated[
        Literal["json", "csv"] | None,
        Query(alias="format", description="Takes precedence over the Accept header."),
    ] = None,
) -> bool:
    if format_ is not None:
        return format_ == "csv"
    accept = request.headers.get("accept", "*/*")
    return choose(accept, (JSON_TYPE, CSV_TYPE)) == CSV_TYPE


WantsCsv = Annotated[bool, Depends(_wants_csv)]
