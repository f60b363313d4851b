"""The index of words: a row for each case, written in the transaction that writes the case.

SQLite: an FTS5 table without content. PostgreSQL: a `tsvector` under GIN in a table of its own,
because changing the case's row would write all its words anew. Neither has a foreign key: a row
too many is harmless, as what is found is compared with the case.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from django.db import connection, transaction

from townkeeper.cases.search.words import index_words

CHUNK = 5000
COLUMNS = ("number", "external_number", "title", "address", "text")
"""What is searched, in the order in which `words_of` takes it."""

POSTGRESQL_TABLE = "CREATE TABLE cases_search (case_id bigint PRIMARY KEY, words tsvector NOT NULL)"
POSTGRESQL_INDEX = (
    "CREATE INDEX cases_search_words ON cases_search USING gin (words)"
    # a short list of what is not sorted in yet: searches read it whole
    " WITH (fastupdate = on, gin_pending_list_limit = 512)"
)
SQLITE_TABLE = (
    "CREATE VIRTUAL TABLE cases_search USING fts5(words, content='', detail=none, tokenize='ascii')"
)
_NEWER = " ON CONFLICT (case_id) DO UPDATE SET words = excluded.words"
UPSERT = f"INSERT INTO cases_search (case_id, words) VALUES (%s, %s::tsvector){_NEWER}"
SELECT_INTO = f"INSERT INTO cases_search (case_id, words) SELECT c.id, %s::tsvector FROM c{_NEWER}"
"""The same as a part of the statement that opens a case, where `c` is the new row."""
_READ = "SELECT id, {columns} FROM cases_case WHERE id > %s ORDER BY id LIMIT %s"


class Agreement(NamedTuple):
    """Whether cases and index agree."""

    cases: int
    missing: list[int]
    """Cases without a row in the index, the first hundred."""
    extra: list[int]
    """Rows of the index without a case, the first hundred."""


def is_postgresql() -> bool:
    """Whether the database is PostgreSQL."""
    return connection.vendor == "postgresql"


def words_of(number: str, external: str, title: str, address: str, text: str) -> str:
    """Return the words of a case as both databases take them: parted by spaces."""
    return " ".join(index_words((number, external, title, address, text)))


def add_words(case_id: int, words: str) -> None:
    """Write the row of a new case, inside its transaction."""
    write_rows([(case_id, words)])


def write_rows(rows: Sequence[tuple[int, str]]) -> None:
    """Write the rows of new cases."""
    with connection.cursor() as cursor:
        if is_postgresql():
            cursor.executemany(UPSERT, rows)
        else:
            cursor.executemany("INSERT INTO cases_search (rowid, words) VALUES (%s, %s)", rows)


def copy_rows(rows: Sequence[tuple[int, str]]) -> None:
    """Write the rows of many new cases by the quickest way there is."""
    if not is_postgresql():
        write_rows(rows)
        return
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY cases_search (case_id, words) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def change_words(case_id: int, before: str, after: str) -> None:
    """Write the row of a case whose texts have changed; `before` is what its words were."""
    if before == after:
        return
    if not is_postgresql():
        # an index without content forgets only what it is told word by word
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO cases_search (cases_search, rowid, words) VALUES ('delete', %s, %s)",
                [case_id, before],
            )
    add_words(case_id, after)


def make_tables() -> None:
    """Make the empty index, for the migration."""
    with connection.cursor() as cursor:
        if is_postgresql():
            cursor.execute(POSTGRESQL_TABLE)
            cursor.execute(POSTGRESQL_INDEX)
        else:
            cursor.execute(SQLITE_TABLE)


def drop_tables() -> None:
    """Remove the index."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS cases_search")


def rebuild(progress: Callable[[int], object] = lambda _n: None) -> int:
    """Make the index anew from all cases; returns their number. New cases wait meanwhile."""
    count = 0
    with transaction.atomic():
        drop_tables()
        with connection.cursor() as cursor:
            cursor.execute(POSTGRESQL_TABLE if is_postgresql() else SQLITE_TABLE)
        for rows in _read():
            copy_rows([(pk, words_of(*texts)) for pk, *texts in rows])
            count += len(rows)
            progress(len(rows))
        if is_postgresql():
            with connection.cursor() as cursor:
                cursor.execute(POSTGRESQL_INDEX)
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE cases_search")
    return count


def _read() -> Iterator[list[tuple[int, str, str, str, str, str]]]:
    """Yield all cases by chunks, with a plain statement, as migrations need it too."""
    statement = _READ.format(columns=", ".join(COLUMNS))
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, [last, CHUNK])
            rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield rows


def check() -> Agreement:
    """Compare cases and index row by row (not word by word)."""
    table, key = ("cases_search", "case_id") if is_postgresql() else ("cases_search_docsize", "id")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_case")
        total = int(cursor.fetchone()[0])

        def odd(one: str, one_key: str, other: str, other_key: str) -> list[int]:
            cursor.execute(
                f"SELECT {one_key} FROM {one} a WHERE NOT EXISTS"
                f" (SELECT 1 FROM {other} b WHERE b.{other_key} = a.{one_key}) ORDER BY 1 LIMIT 100"
            )
            return [int(row[0]) for row in cursor.fetchall()]

        return Agreement(
            total, odd("cases_case", "id", table, key), odd(table, key, "cases_case", "id")
        )
