"""Random transactions whose outcome a small model knows, and one child process that runs them until it is killed.

    Step            one transaction: its statements, and what it makes of the model's tables
    State           the model: t(id, v), u(id, <column>), s(id, v), maybe c: rows as sorted lists
    run_child       open, report what is there, run step after step; a line before and after each

The steps of a seed are always the same, so that whoever reads the lines can apply them to the model.
"""
from __future__ import annotations

import copy
import json
import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Rows = list[list[Any]]
MERGED = [[n, n * 10] for n in range(6)]
MOST_ROWS = 400


@dataclass
class State:
    """What the tables hold."""

    t: Rows = field(default_factory=list)
    u: Rows = field(default_factory=list)
    column: str = "v"
    c: Rows | None = None

    @staticmethod
    def of(found: dict[str, Any]) -> State:
        return State(found["t"], found["u"], found["column"], found["c"])

    def as_dict(self) -> dict[str, Any]:
        return {
            "t": sorted(self.t), "u": sorted(self.u), "column": self.column,
            "c": None if self.c is None else sorted(self.c),
        }


@dataclass
class Step:
    name: str
    statements: list[str]
    apply: Callable[[State], None]
    action: Callable[[Any], None] = lambda connection: None  # what is no SQL, behind the statements


def create(path: Path) -> None:
    import warehouse

    with warehouse.connect(path, nodes=1, slices_per_node=2, autocommit=True) as c:
        create_tables(c)


def create_tables(c: Any) -> None:
    c.execute("create table t (id int, v int) diststyle even sortkey (id)")
    c.execute("create table u (id int, v int)")
    c.execute("create table s (id int, v int) diststyle all")
    c.execute("insert into s values " + ", ".join(f"({i}, {v})" for i, v in MERGED))


def step(seed: int, number: int, column: str, path: Path, kind: str = "") -> Step:
    """Transaction `number`; `column`: the name that u has for its second column; `kind`: one of FORCED."""
    chance = random.Random(f"{seed}:{number}")
    makers = [
        _insert, _insert, _many, _update, _update, _delete, _merge, _copy, _block, _ctas, _drop, _truncate, _rename,
        _vacuum, _rolled_back, _append_u, _append_u, _snapshot, _redesign, _spill,
    ]
    return FORCED.get(kind, chance.choice(makers))(chance, number, column, path)


def _values(rows: Rows) -> str:
    return ", ".join(f"({i}, {v})" for i, v in rows)


def _some(chance: random.Random, number: int, count: int) -> Rows:
    return [[chance.randrange(60), number * 100 + i] for i in range(count)]


def _insert(chance: random.Random, number: int, column: str, path: Path) -> Step:
    rows = _some(chance, number, 1)
    return Step("insert", [f"insert into t values {_values(rows)}"], lambda s: s.t.extend(copy.deepcopy(rows)))


def _append_u(chance: random.Random, number: int, column: str, path: Path) -> Step:
    rows = _some(chance, number, 3)
    return Step("insert u", [f"insert into u values {_values(rows)}"], lambda s: s.u.extend(copy.deepcopy(rows)))


def _many(chance: random.Random, number: int, column: str, path: Path) -> Step:
    def apply(s: State) -> None:
        s.t.extend([i + 1000, v] for i, v in s.u)

    return Step("insert select", [f"insert into t select id + 1000, {column} from u"], apply)


def _update(chance: random.Random, number: int, column: str, path: Path) -> Step:
    part = chance.randrange(4)

    def apply(s: State) -> None:
        for row in s.t:
            if row[0] % 4 == part:
                row[1] += 1

    return Step("update", [f"update t set v = v + 1 where id % 4 = {part}"], apply)


def _delete(chance: random.Random, number: int, column: str, path: Path) -> Step:
    part = chance.randrange(5)

    def apply(s: State) -> None:
        s.t = [row for row in s.t if row[0] % 5 != part and len(s.t) < MOST_ROWS]

    def statement(most: int) -> str:
        return f"delete from t where id % 5 = {part} or (select count(*) from t) >= {most}"

    return Step("delete", [statement(MOST_ROWS)], apply)


def _merge(chance: random.Random, number: int, column: str, path: Path) -> Step:
    def apply(s: State) -> None:
        values = dict(map(tuple, MERGED))
        missing = set(values) - {row[0] for row in s.t}
        for row in s.t:
            row[1] = values.get(row[0], row[1])
        s.t.extend([i, values[i]] for i in missing)

    text = (
        "merge into t using s on t.id = s.id when matched then update set v = s.v"
        " when not matched then insert values (s.id, s.v)"
    )
    return Step("merge", [text], apply)


def _copy(chance: random.Random, number: int, column: str, path: Path) -> Step:
    rows = _some(chance, number, 20)
    file = path.parent / "rows.csv"
    file.write_text("".join(f"{i},{v}\n" for i, v in rows))
    return Step("copy", [f"copy t from '{file}' csv"], lambda s: s.t.extend(copy.deepcopy(rows)))


def _block(chance: random.Random, number: int, column: str, path: Path) -> Step:
    parts = [_insert, _update, _append_u, _delete, _merge]
    steps = [chance.choice(parts)(chance, number, column, path) for _ in range(3)]

    def apply(s: State) -> None:
        for one in steps:
            one.apply(s)

    return Step("block", ["begin", *(text for one in steps for text in one.statements), "commit"], apply)


def _rolled_back(chance: random.Random, number: int, column: str, path: Path) -> Step:
    inner = _block(chance, number, column, path)
    return Step("rollback", [*inner.statements[:-1], "rollback"], lambda s: None)


def _ctas(chance: random.Random, number: int, column: str, path: Path) -> Step:
    def apply(s: State) -> None:
        s.c = copy.deepcopy(s.t)

    return Step("ctas", ["begin", "drop table if exists c", "create table c as select id, v from t", "commit"], apply)


def _drop(chance: random.Random, number: int, column: str, path: Path) -> Step:
    def apply(s: State) -> None:
        s.c = None

    return Step("drop", ["drop table if exists c"], apply)


def _truncate(chance: random.Random, number: int, column: str, path: Path) -> Step:
    def apply(s: State) -> None:
        s.u = []

    return Step("truncate", ["truncate u"], apply)


def _rename(chance: random.Random, number: int, column: str, path: Path) -> Step:
    new = "w" if column == "v" else "v"

    def apply(s: State) -> None:
        s.column = new

    return Step("alter", [f"alter table u rename column {column} to {new}"], apply)


def _redesign(chance: random.Random, number: int, column: str, path: Path) -> Step:
    """All rows of t are written anew."""
    design = chance.choice(["sortkey (v)", "sortkey (id)", "distkey id", "diststyle even"])
    return Step("redesign", [f"alter table t alter {design}"], lambda s: None)


def _spill(chance: random.Random, number: int, column: str, path: Path) -> Step:
    """More groups than MEMORY holds."""
    tables = "abcdef"
    text = (
        f"insert into t select 3000, count(*) from (select distinct {', '.join(f'{t}.id as {t}' for t in tables)}"
        f" from {', '.join(f's {t}' for t in tables)}) x"
    )
    return Step("spill", [text], lambda s: s.t.append([3000, len(MERGED) ** len(tables)]))


# What the first step is where a fail point is to be met that few steps come by.
FORCED = {"spill": _spill, "rollback": _rolled_back}


def _vacuum(chance: random.Random, number: int, column: str, path: Path) -> Step:
    return Step("vacuum", ["vacuum full t to 100 percent"], lambda s: None)


def _snapshot(chance: random.Random, number: int, column: str, path: Path) -> Step:
    return Step("snapshot", [], lambda s: None, take_snapshot)


def take_snapshot(connection: Any) -> None:
    """A new snapshot in place of the last one; restored, it must hold what there is now."""
    import shutil

    import warehouse

    if any(s.name == SNAPSHOT for s in connection.snapshots.list()):
        connection.snapshots.delete(SNAPSHOT)
    connection.snapshots.create(SNAPSHOT)
    target = Path(connection.session.database.name).parent / "restored"
    shutil.rmtree(target, ignore_errors=True)
    connection.snapshots.restore(SNAPSHOT, target)
    with warehouse.connect(target, autocommit=True, threads=1, maintenance=False) as restored:
        if look(restored) != look(connection):
            raise AssertionError("a restored snapshot differs from the database")
    stream_snapshot(connection, target.parent / "streamed")


def stream_snapshot(connection: Any, target: Path) -> None:
    """A copy in an object store in place of the last one, and a streaming restore of it. What a killed process left of
    either goes on: the restore to its end, the copy until it is deleted."""
    import shutil

    import warehouse
    from warehouse.errors import UndefinedObject

    bucket = target.parent / "s3" / "backup"
    bucket.mkdir(parents=True, exist_ok=True)
    os.environ["WAREHOUSE_S3_ROOT"] = str(bucket.parent)
    passed = target.with_name("passed")
    shutil.rmtree(passed, ignore_errors=True)
    if target.exists():
        fill(target, warehouse)
        target.rename(passed)  # at once: it may be killed while it removes files
        shutil.rmtree(passed)
    with suppress(UndefinedObject):
        connection.snapshots.delete(SNAPSHOT, source=COPIES)
    connection.snapshots.copy(SNAPSHOT, COPIES)
    connection.snapshots.restore(SNAPSHOT, target, source=COPIES, streaming=True)
    if fill(target, warehouse) != look(connection):
        raise AssertionError("a streaming restore differs from the database")


def fill(target: Path, warehouse: Any) -> dict[str, Any]:
    """What a streaming restore answers before and after all of it is there."""
    with warehouse.connect(target, autocommit=True, threads=1, maintenance=False) as streamed:
        before = look(streamed)
        streamed.snapshots.fill()
        if streamed.snapshots.restoring is not None or look(streamed) != before:
            raise AssertionError("a streaming restore has changed")
        return before


SNAPSHOT, COPIES = "kept", "s3://backup/dw"


# -- in the child --------------------------------------------------------------------------------------


def look(connection: Any) -> dict[str, Any]:
    """The tables as they are, as State.as_dict has them."""
    def rows(table: str) -> Rows:
        return sorted(list(row) for row in connection.execute(f"select * from {table}").fetchall())

    names = {r.name for r in connection.session.database.view().relations()}
    column = connection.execute("select * from u limit 0").description[1][0]
    return {"t": rows("t"), "u": rows("u"), "column": column, "c": rows("c") if "c" in names else None}


def leftovers(path: Path, connection: Any) -> list[str]:
    """Files that nobody should have left behind."""
    database = connection.session.database
    named = {e.path for entry in database.newest.entries.values() for e in entry.extents if not e.is_inline}
    found = {str(p.relative_to(path / "data")) for p in (path / "data").rglob("*.ext")}
    own = str(database.process)
    run = {n for n in os.listdir(path / "run") if n != "numbers" and n.split("-")[1] != own}
    run |= {f"spill/{n}" for n in os.listdir(path / "spill")}
    damaged = [f"snapshot {s.name}: {s.damage}" for s in connection.snapshots.list() if s.damage]
    return sorted(found ^ named) + sorted(run) + damaged


# Fail points that a database without files never reaches.
AT_FILES = ("extent", "load", "garbage", "open.orphan", "snapshot.sent", "restore")


def run_child(path: Path, lines: Path, seed: int, first: int, point: str | None, hits: int) -> None:
    """Open the database, tell what is there, run steps until killed, at the latest after `MOST_STEPS`."""
    import warehouse
    from warehouse.storage import failpoints
    from warehouse.storage.database import Database
    from warehouse.storage.maintenance import upkeep

    upkeep.FLUSH_EXTENTS, upkeep.OVERDUE_EXTENTS = 3, 5  # so that few commits are many (storage/inline.py)
    if first % 2 or (point or "").startswith(AT_FILES):
        Database.inline_bytes = 0
    out = os.open(lines, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def tell(*line: Any) -> None:
        os.write(out, (json.dumps(line) + "\n").encode())

    if point is not None:
        left = [hits]

        def die() -> None:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

        failpoints.ACTIONS[point] = die
    with warehouse.connect(path, autocommit=True, threads=1, memory_limit=MEMORY) as connection:
        state = look(connection)
        tell("found", state, leftovers(path, connection))
        column = state["column"]
        if point is not None and point.startswith(("snapshot", "restore")):
            for _ in range(2):  # the second deletes the first
                take_snapshot(connection)
        for number in range(first, first + MOST_STEPS):
            kind = (point or "").partition(".")[0] if number == first else ""
            todo = step(seed, number, column, path, kind)
            tell("start", number, column, kind)
            for text in todo.statements:
                cursor = connection.execute(text)
                if cursor.description:
                    cursor.fetchall()
            todo.action(connection)
            tell("done", number)
            if todo.name == "alter":
                column = "w" if column == "v" else "v"
    tell("closed")


MOST_STEPS = 30
MEMORY = "6MB"
