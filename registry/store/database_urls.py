"""The URL of a database, also one that names several servers of which one takes writes.

libpq writes several as `postgresql://user@host1:5432,host2:5432/registry`; SQLAlchemy wants each in
the query instead. Unless the URL says otherwise only a server that takes writes will do, so that
after a failover the pool leads to the one that was promoted.
"""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_POSTGRES = ("postgresql", "postgres")


def read_database_url(text: str, *, several: str = "read-write") -> URL:
    """Return the URL as SQLAlchemy wants it; raises ArgumentError or ValueError for none.

    Of several servers one is used that is `several`, a value of libpq's target_session_attrs.
    """
    scheme, separator, rest = text.partition("://")
    authority, slash, tail = rest.partition("/")
    who, at, hosts = authority.rpartition("@")
    if "," not in hosts:
        return _with_driver(make_url(text))
    url = _with_driver(make_url(f"{scheme}{separator}{who}{at}{slash}{tail}"))
    pairs = [("host", host) for host in hosts.split(",")]
    if "target_session_attrs" not in url.query:
        pairs.append(("target_session_attrs", several))
    return url.update_query_pairs(pairs, append=True)


def without_pooler(url: URL) -> tuple[URL, bool]:
    """Return the URL as the driver takes it, and whether it says `pooled=transaction`.

    Then a pooler is between, such as PgBouncer, which gives each transaction any of its connections
    to the server. Raises ArgumentError for another way of pooling.
    """
    pooled = url.query.get("pooled")
    if pooled not in {None, "transaction"}:
        raise ArgumentError("pooled is transaction, or left out")
    return url.difference_update_query(["pooled"]), pooled is not None


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in _POSTGRES else url
