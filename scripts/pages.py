"""Read whole listings from the views, page by page, newest first."""

from collections.abc import Callable, Iterator

from sqlalchemy import RowMapping

from projections.queries import Page, Window

PAGE = 200


def every(read: Callable[[Window], Page]) -> Iterator[RowMapping]:
    """Yield every row of a listing."""
    cursor = None
    while True:
        page = read(Window(PAGE, cursor))
        yield from page.rows
        cursor = page.next
        if cursor is None:
            return
