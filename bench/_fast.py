"""What makes filling a database quick: no indexes and no checks meanwhile, statistics afterwards."""

from contextlib import contextmanager

from django.db import connection

TABLES = (
    "cases_case", "cases_task", "journal_entry", "journal_chain", "cases_reporter",
    "cases_evidence", "cases_pause", "cases_ask", "cases_merge",
)  # fmt: skip


def run(statement, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def without_indexes():
    """Drop the indexes that no constraint needs; the block calls what it gets to make them again."""
    dropped = _drop_postgresql() if is_postgresql() else _drop_sqlite()
    try:
        yield lambda: [run(statement) for statement in dropped]
    finally:
        if is_postgresql():
            run("SET session_replication_role = DEFAULT")
        else:
            run("PRAGMA synchronous = NORMAL")
            run("PRAGMA foreign_keys = ON")


def is_postgresql():
    return connection.vendor == "postgresql"


def _drop_postgresql():
    # foreign keys are triggers, which this stops; only a superuser may, as on a server of our own
    run("SET session_replication_role = replica")
    rows = run(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i"
        " LEFT JOIN pg_constraint c ON c.conname = i.indexname"
        " WHERE i.schemaname = 'public' AND i.tablename = ANY(%s) AND c.oid IS NULL"
        " AND i.indexdef NOT LIKE 'CREATE UNIQUE%%'",
        [list(TABLES)],
    )
    for name, _definition in rows:
        run(f'DROP INDEX "{name}"')
    return [definition for _name, definition in rows]


def _drop_sqlite():
    run("PRAGMA foreign_keys = OFF")
    run("PRAGMA synchronous = OFF")
    rows = run(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND sql NOT LIKE 'CREATE UNIQUE%%'"
    )
    for name, _definition in rows:
        run(f'DROP INDEX "{name}"')
    return [definition for _name, definition in rows]


def set_counters(maker):
    """Let numbers and keys go on where the made-up rows end."""
    from townkeeper.cases.models import Counter  # noqa: PLC0415

    Counter.objects.bulk_create(
        [Counter(key=key, value=value) for key, value in maker.serials.items()], batch_size=500
    )
    if is_postgresql():
        for table in ("cases_case", "cases_task"):
            run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")


def fill_search():
    """Write the index of words."""
    from townkeeper.cases.search.index import rebuild  # noqa: PLC0415

    rebuild()


def analyse():
    if is_postgresql():
        run("VACUUM (ANALYZE)")
        run("CHECKPOINT")
    else:
        run("ANALYZE")
        run("PRAGMA wal_checkpoint(TRUNCATE)")
