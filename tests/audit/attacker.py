"""Somebody with SQL on the database and without the audit key."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Row, create_engine
from sqlalchemy.pool import NullPool

from tests.audit import reference
from valor_core.store.engines import Store

LEAF = (
    "tenant_id", "seq", "ts", "category", "action", "actor", "target", "request_id",
    "payload_digest", "key_id",
)  # fmt: skip
UNLOCK = {
    "sqlite": ("DROP TRIGGER audit_logs_kept_update", "DROP TRIGGER audit_logs_kept_delete"),
    "postgresql": ("ALTER TABLE audit_logs DISABLE TRIGGER ALL",),
}


class Attacker:
    """Edits one tenant's log by hand."""

    def __init__(self, connection: Connection, tenant_id: str) -> None:
        self.connection, self.tenant_id = connection, tenant_id

    def sql(self, statement: str, **values: object) -> Sequence[Row]:
        """Runs a statement; OWN in it means the rows of the tenant; values in order of use."""
        mark = "?" if self.connection.dialect.name == "sqlite" else "%s"
        own = f"tenant_id = '{self.tenant_id}'"
        names = list(values)
        for name in names:
            statement = statement.replace(f":{name}", mark)
        done = self.connection.exec_driver_sql(
            statement.replace("OWN", own), tuple(values[name] for name in names)
        )
        return done.all() if done.returns_rows else []

    def entry(self, seq: int) -> dict:
        row = self.sql("SELECT * FROM audit_logs WHERE OWN AND seq = :seq", seq=seq)[0]
        return dict(row._mapping)

    def set(self, at: int, /, **columns: object) -> None:
        for name, value in columns.items():
            self.sql(f"UPDATE audit_logs SET {name} = :v WHERE OWN AND seq = {at}", v=value)

    def set_together(self, at: int, columns: str) -> None:
        self.sql(f"UPDATE audit_logs SET {columns} WHERE OWN AND seq = {at}")

    def rehash(self, seq: int) -> None:
        """Makes digest and leaf fit the columns again, which takes no key."""
        row = self.entry(seq)
        row["payload_digest"] = reference.digest(row["salt"], row["payload"])
        leaf = reference.leaf(**{name: row[name] for name in LEAF})
        self.set(seq, payload_digest=row["payload_digest"], leaf=leaf)

    def insert(self, entry: dict) -> None:
        names = ", ".join(entry)
        marks = ", ".join(f":{name}!" for name in entry)
        self.sql(
            f"INSERT INTO audit_logs ({names}) VALUES ({marks})",
            **{f"{name}!": value for name, value in entry.items()},
        )

    def shift(self, behind: int, by: int) -> None:
        """Renumbers; by way of negative numbers, since no two may be equal in between."""
        self.sql(f"UPDATE audit_logs SET seq = -(seq + ({by})) WHERE OWN AND seq > {behind}")
        self.sql("UPDATE audit_logs SET seq = -seq WHERE OWN AND seq < 0")

    def rewind(self, size: int) -> None:
        """Makes the head tell of the first entries only, as far as that goes without the key."""
        rows = self.sql("SELECT leaf, mac FROM audit_logs WHERE OWN AND seq <= :n ORDER BY seq",
                        n=size)  # fmt: skip
        self.sql(
            "UPDATE audit_heads SET size = :a, mac = :b, frontier = :c WHERE OWN",
            a=size, b=rows[-1].mac, c=reference.frontier([row.leaf for row in rows]),
        )  # fmt: skip


def attack(
    store: Store, tenant_id: str, act: Callable[[Attacker], object], *, unlock: bool = True
) -> None:
    """As the owner of the database, the triggers out of the way."""
    engine = create_engine(store.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in UNLOCK[connection.dialect.name] if unlock else ():
            connection.exec_driver_sql(statement)
        act(Attacker(connection, tenant_id))
