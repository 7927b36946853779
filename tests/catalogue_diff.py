"""Two databases compared by their own catalogues, where `alembic check` is blind.

It sees what a comparison of SQLAlchemy's models cannot: the text of checks, predicates of indexes,
triggers, functions, policies, grants, exact types. Postgres: the schema `public`. SQLite keeps each
CREATE statement as it was written, so it is compared piece by piece in one spelling.
"""

import re
from collections.abc import Iterator

from sqlalchemy import Connection

BOOKKEEPING = "alembic_version"
POSTGRES = f"""
WITH t AS (
    SELECT oid, relname, relkind, relrowsecurity, relforcerowsecurity, relacl
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '{BOOKKEEPING}%%')
SELECT 'table', relname || ' rls ' || relrowsecurity || ' forced ' || relforcerowsecurity
    FROM t WHERE relkind IN ('r', 'p')
UNION ALL
SELECT 'grant', relname || ' ' || coalesce(relacl::text, '')
    FROM t WHERE relkind IN ('r', 'p', 'v', 'S')
UNION ALL
SELECT 'column', relname || '.' || attname || ' ' || format_type(atttypid, atttypmod)
        || ' notnull ' || attnotnull || ' ' || attidentity::text || attgenerated::text
        || ' default ' || coalesce(pg_get_expr(adbin, adrelid), '')
    FROM pg_attribute a JOIN t ON t.oid = a.attrelid AND t.relkind IN ('r', 'p')
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'constraint', relname || ' ' || conname || ' ' || pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN t ON t.oid = c.conrelid WHERE contype <> 'n'
UNION ALL
SELECT 'index', pg_get_indexdef(indexrelid) FROM pg_index i JOIN t ON t.oid = i.indrelid
UNION ALL
SELECT 'trigger', pg_get_triggerdef(g.oid) || ' ' || tgenabled::text
    FROM pg_trigger g JOIN t ON t.oid = g.tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT 'function', pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
UNION ALL
SELECT 'policy', tablename || ' ' || policyname || ' ' || permissive || ' ' || cmd || ' '
        || roles::text || ' using ' || coalesce(qual, '') || ' check ' || coalesce(with_check, '')
    FROM pg_policies WHERE schemaname = 'public'
UNION ALL
SELECT 'view', relname || ' ' || pg_get_viewdef(oid) FROM t WHERE relkind = 'v'"""


def fingerprint(connection: Connection) -> frozenset[tuple[str, str]]:
    """Everything that the database's own catalogue says of the schema."""
    if connection.dialect.name == "postgresql":
        return frozenset((kind, line) for kind, line in connection.exec_driver_sql(POSTGRES))
    return frozenset(_sqlite(connection))


def drift(migrated: frozenset[tuple[str, str]], declared: frozenset[tuple[str, str]]) -> list[str]:
    """`-` stands in the migrated database only, `+` in the declared one (create_all) only."""
    return [f"- {kind} {line}" for kind, line in sorted(migrated - declared)] + [
        f"+ {kind} {line}" for kind, line in sorted(declared - migrated)
    ]


def _sqlite(connection: Connection) -> Iterator[tuple[str, str]]:
    rows = connection.exec_driver_sql(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    )
    for kind, name, sql in rows:
        if name.startswith((BOOKKEEPING, "sqlite_")):
            continue
        if kind != "table":
            yield kind, _in_one_spelling(sql)
            continue
        # A migration in batch mode adds constraints at the end and quotes names: compare as a set.
        parts, tail = _parts(sql)
        yield "table", f"{name} {_in_one_spelling(tail)}"
        for part in parts:
            yield "part", f"{name}: {_in_one_spelling(part)}"


def _in_one_spelling(sql: str) -> str:
    """Case, blanks and the quotes around names do not count, outside string literals."""
    pieces = re.split(r"('(?:[^']|'')*')", sql)
    for i in range(0, len(pieces), 2):
        bare = re.sub(r"[\"`\[\]]", "", pieces[i]).lower()
        pieces[i] = re.sub(r"\s*([(),=<>])\s*", r"\1", re.sub(r"\s+", " ", bare))
    return "".join(pieces).strip()


def _parts(sql: str) -> tuple[list[str], str]:
    """What stands between the commas of a CREATE TABLE's outer parentheses, and what follows."""
    depth, quote, part, parts = 0, "", "", []
    for i, char in enumerate(sql):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char == "(":
            depth += 1
            if depth == 1:
                part = ""
                continue
        elif char == ")":
            depth -= 1
            if depth == 0:
                return [*parts, part], sql[i + 1 :]
        elif char == "," and depth == 1:
            parts.append(part)
            part = ""
            continue
        part += char
    raise ValueError(f"Unbalanced: {sql[:80]}")
