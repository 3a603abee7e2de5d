"""PostgreSQL: events are appended through a function, so that a role needs no other right to."""

from alembic import op

revision = "0003"
down_revision = "0002"

# The lock needs a right that would also let rows be changed or removed, so the function holds it
# in the caller's place. Every name is qualified: what a caller puts on the search path is not run.
_APPEND = """
CREATE FUNCTION {schema}.append_events(
    originator_ids uuid[], originator_versions bigint[], topics text[], states bytea[]
) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ BEGIN
    LOCK TABLE {schema}.stored_events IN EXCLUSIVE MODE;
    RETURN QUERY
        INSERT INTO {schema}.stored_events (originator_id, originator_version, topic, state)
        SELECT * FROM unnest(originator_ids, originator_versions, topics, states)
        RETURNING notification_id;
END $$
"""


def upgrade() -> None:
    """Create the function on PostgreSQL; SQLite has no roles to keep apart."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    query = "SELECT quote_ident(current_schema())"
    schema = connection.exec_driver_sql(query).scalar_one()
    op.execute(_APPEND.format(schema=schema))
    op.execute(
        f"REVOKE ALL ON FUNCTION {schema}.append_events(uuid[], bigint[], text[], bytea[]) "
        "FROM PUBLIC"
    )
