"""The harness end to end, as a user runs it: reports, advice that holds, stop and resume, bad input."""
from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import design_tables
import pytest
import warehouse
from click.testing import CliRunner, Result
from warehouse.bench.design import harness, variants
from warehouse.bench.design.cli import advise, design
from warehouse.bench.design.progress import Progress
from warehouse.bench.design.source import Relations, sample_clauses
from warehouse.bench.design.state import State
from warehouse.engine.advisor.designs import name_of
from warehouse.storage.schema import Column, Table, TableStatistics
from warehouse.storage.types import BIGINT

QUICK = ("--runs", "1", "--finalists", "2", "--restarts", "2", "--minutes", "0", "--threads", "2")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database, a workload, and the same tables as DDL and files."""
    folder = tmp_path_factory.mktemp("design")
    with warehouse.connect(folder / "dw", nodes=2, slices_per_node=2, autocommit=True, maintenance=False) as db:
        design_tables.fill(db)
        db.execute("create view public.busy as select person, amount from visits where amount > 990")
    with warehouse.connect(folder / "little", nodes=2, slices_per_node=2, autocommit=True, maintenance=False) as db:
        design_tables.fill(db, 50)
    (folder / "queries").mkdir()
    for name, text in design_tables.QUERIES.items():
        (folder / "queries" / f"{name}.sql").write_text(text)
    (folder / "queries" / "broken.sql").write_text("select nothing from nowhere")
    (folder / "queries" / "view.sql").write_text("select count(*) from busy join people on person = id")
    return folder


def run(command: Any, *arguments: Any) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def done(place: Path) -> dict[str, Any]:
    """One whole run; its design.json, with the terminal's text as "text"."""
    out = place / "out"
    result = run(design, place / "dw", "-w", place / "queries", "--out", out, *QUICK)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads((out / "design.json").read_text())
    return found | {"text": result.output, "out": out}


def test_the_recommended_design_is_better(done: dict[str, Any]) -> None:
    best = next(d for d in done["designs"] if d["name"] == done["recommended"])
    base = done["designs"][0]
    assert base["name"] == "baseline" and best is not base
    assert best["bytes"] < base["bytes"] / 5 and best["score"] < base["score"]
    assert done["tables"]["visits"]["distribution"] == "KEY(person)"
    assert done["differences"] == [] and not any(q["error"] for d in done["designs"] for q in d["queries"].values())
    assert best["load_seconds"] > 0 and best["storage"] > 0 and sum(best["loads"]["visits"]["slice_rows"]) == 140_000


def test_broken_queries_are_named_and_skipped(done: dict[str, Any]) -> None:
    assert [name for name, _ in done["broken"]] == ["broken"]
    assert 'Skipped: broken: relation "nowhere" does not exist' in done["text"]
    assert {q["name"] for q in done["queries"]} == {*design_tables.QUERIES, "view"}


def test_the_page_stands_alone(done: dict[str, Any]) -> None:
    page = (done["out"] / "design.html").read_text()
    opened: list[str] = []

    class Checked(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            assert tag not in ("script", "link", "img", "iframe") and not {"src", "href"} & dict(attrs).keys()
            if tag not in ("meta",):
                opened.append(tag)

        def handle_startendtag(self, tag: str, attrs: Any) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Checked().feed(page)
    assert not opened
    for part in ("<svg", "Cost against storage", "Rows of each slice", "sort key", "Storage by encoding", "url("):
        assert (part in page) is (part != "url("), part


def test_its_statements_work(done: dict[str, Any], place: Path) -> None:
    with warehouse.connect(nodes=2, slices_per_node=2, autocommit=True) as db:
        design_tables.fill(db, 50)
        before = db.execute(design_tables.QUERIES["towns"] + " order by 1").fetchall()
        for table in done["tables"].values():
            for statement in table["alter"]:
                db.execute(statement)
        assert db.execute(design_tables.QUERIES["towns"] + " order by 1").fetchall() == before
    with warehouse.connect(autocommit=True) as fresh:
        fresh.execute((done["out"] / "design.sql").read_text())
        assert fresh.execute("select count(*) from visits, people").fetchall() == [(0,)]
    assert sorted(p.name for p in done["out"].iterdir()) == ["design.html", "design.json", "design.sql"]


def test_stopped_and_resumed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, measured = place / "stopped", []
    real = harness.measure

    def measure(variants: Any, name: str, *rest: Any) -> Any:
        if len(measured) == 1 and "again" not in measured:
            raise KeyboardInterrupt
        measured.append(name)
        return real(variants, name, *rest)

    monkeypatch.setattr(harness, "measure", measure)
    arguments = (place / "little", "-w", place / "queries" / "towns.sql", "--out", out, *QUICK, "-q")
    first = run(design, *arguments)
    assert first.exit_code == 130 and "goes on from here" in first.output and (out / "design-state.json").exists()
    other = run(design, place / "little", "-w", place / "queries" / "week.sql", "--out", out, *QUICK)
    assert other.exit_code == 1 and "another workload" in other.output
    measured.append("again")
    monkeypatch.setattr(harness.Harness, "_open", _opened_without_staging(harness.Harness._open))
    second = run(design, *arguments)
    assert second.exit_code == 0, second.output
    assert measured.count("baseline") == 1 and len(measured) > 2 and not (out / "design-state.json").exists()


def test_what_others_made_is_not_removed(tmp_path: Path, place: Path) -> None:
    mine = tmp_path / "design-scratch" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("precious")
    query = place / "queries" / "towns.sql"
    for more in ((), ("--fresh",)):
        result = run(design, place / "little", "-w", query, "--out", tmp_path, "--estimate-only", "-q", *more)
        assert result.exit_code == 1 and "is in the way" in result.output
    assert mine.read_text() == "precious"


def _opened_without_staging(real: Any) -> Any:
    def opened(self: Any) -> Any:
        assert self.state.parts["staged"], "what was staged is there"
        return real(self)

    return opened


def test_a_design_that_cannot_load_is_reported(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_keys(base: Any, chosen: Any, key: str, real: Any = variants._definition) -> str:
        text: str = real(base, chosen, key)
        return text.replace("DISTSTYLE ALL", "DISTSTYLE NONSENSE")

    monkeypatch.setattr(variants, "_definition", no_keys)
    query = place / "queries" / "towns.sql"
    result = run(design, place / "little", "-w", query, "--out", place / "failing", *QUICK, "-q")
    assert result.exit_code == 0, result.output
    assert "Could not be loaded: design 1: " in result.output and "Recommended" in result.output


def test_ddl_and_files(place: Path) -> None:
    files, out = place / "files", place / "from-files"
    files.mkdir()
    import pyarrow.csv as csv
    import pyarrow.parquet as pq

    rows = design_tables.tables(50)
    pq.write_table(rows["visits"], files / "visits.parquet")
    csv.write_csv(rows["people"], files / "people.csv")
    (place / "schema.sql").write_text(";\n".join((*design_tables.DDL, "create table unused (a integer)")))
    source = ("--ddl", place / "schema.sql", "--data", files, "--out", out)
    result = run(design, *source, "-w", place / "queries" / "towns.sql", "--nodes", 3, "--estimate-only", "-q", "-v")
    assert result.exit_code == 0, result.output
    assert "3 nodes, 6 slices" in result.output and "Recommended (estimate)" in result.output
    assert "unused: no file unused.parquet" in result.output and "Struck out by rules:" in result.output


def test_wrong_options_are_told(place: Path) -> None:
    cases = [
        (("--out", place / "x"), 2, "name a DATABASE"), ((place / "dw", "--suite", "ssb"), 2, "name a DATABASE"),
        (("--ddl", place / "queries" / "week.sql"), 2, "go together"),
        ((place / "nowhere", "-w", place / "queries"), 1, "does not exist"),
        ((place / "dw", "-w", place / "queries" / "none.sql", "--out", place / "x"), 1, "No such file"),
    ]
    for arguments, code, text in cases:
        result = run(design, *arguments)
        assert (result.exit_code, text in result.output) == (code, True), result.output


def test_advise(place: Path) -> None:
    text = run(advise, place / "dw", "-w", place / "queries")
    assert text.exit_code == 0 and "distkey person" in text.output and "Skipped: broken" in text.output
    found = json.loads(run(advise, place / "dw", "-w", place / "queries", "--json").output)
    assert found["improved"] < found["seconds"] and found["recommendations"]
    assert run(advise, place / "nowhere").exit_code == 1


def test_samples_keep_joins_whole() -> None:
    def table(id: int, name: str) -> Table:
        return Table(id, "public", name, (Column(1, "k", BIGINT), Column(2, "v", BIGINT)))

    big, other, small = table(1, "big"), table(2, "other"), table(3, "small")
    rows = {name_of(big): 10_000, name_of(other): 4000, name_of(small): 10}
    there = Relations((big, other, small), (), {name: TableStatistics(count) for name, count in rows.items()})
    joins = [((name_of(big), "v"), (name_of(other), "k")), ((name_of(big), "k"), (name_of(small), "k"))]
    found = sample_clauses(there, joins, 1000)
    assert set(found) == {name_of(big), name_of(other)}
    assert "fnv_hash(v)" in found[name_of(big)] and "fnv_hash(k)" in found[name_of(other)]
    assert found[name_of(big)].endswith("< 100") and sample_clauses(there, joins, 10_000) == {}


def test_a_sample_is_judged_as_the_whole(place: Path) -> None:
    out = place / "sampled"
    query = place / "queries" / "towns.sql"
    result = run(design, place / "dw", "-w", query, "--sample", 5000, "--out", out, "-q", "--estimate-only", "--keep")
    assert result.exit_code == 0, result.output
    found = json.loads((out / "design.json").read_text())
    with warehouse.connect(out / "design-scratch", create=False) as db:
        staged = db.execute("select (select count(*) from visits), (select count(*) from people)").fetchone()
    assert staged is not None and 3000 < staged[0] < 8000 and staged[1] < 5000
    assert any(s.startswith("visits: ALL: it is the largest") for s in found["search"]["struck"])
    assert found["search"]["candidates"]["visits"] == [2, 2], "EVEN and KEY(person); none and day"
    assert "sampled where" in result.output and "costs are of 28.6 times as much" in result.output


def test_progress_tells_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    moments = iter([0.0, 0.0, 0.0, 10.0, 11.0, 400.0])
    progress = Progress(clock=lambda: next(moments))
    progress.phase("measuring")
    progress.step(1, 5, "design 1")
    progress.step(2, 5, "too soon for another line")
    progress.step(2, 5, "design 2")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and "1 of 5  design 1  about" in lines[1] and "min left" in lines[2]


def test_identities_and_constraints_stay(tmp_path: Path) -> None:
    """What staging leaves out of a table is in its DDL again; one that numbers its rows is only altered."""
    with warehouse.connect(tmp_path / "dw", nodes=2, slices_per_node=1, autocommit=True, maintenance=False) as db:
        db.execute("create table numbered (id bigint identity(1,1), v integer default 7, primary key(id))")
        db.execute("create table other (id bigint) diststyle even")
        db.execute("insert into numbered (v) values (1), (2); insert into other values (1), (2)")
    (tmp_path / "q.sql").write_text("select count(*) from numbered n join other o on n.id = o.id; select 1")
    out = tmp_path / "out"
    result = run(design, tmp_path / "dw", "-w", tmp_path / "q.sql", "--out", out, "--estimate-only", "-q", "-v")
    assert result.exit_code == 0, result.output
    script = (out / "design.sql").read_text()
    assert "IDENTITY(1,1)" in script and "DEFAULT 7" in script and "PRIMARY KEY (id)" in script
    assert "it reads no table of the database" in result.output
    assert "numbered: interleaved sort keys: they need the table made anew" in result.output


def test_the_best_is_clearly_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet, state = Progress(quiet=True), State(tmp_path, "")
    run_ = harness.Harness(harness.Options(tmp_path), [], [], lambda c, s: [], quiet, state)
    monkeypatch.setattr(run_, "score", lambda m: m)

    def best(*scores: float) -> float:
        run_.measured = list(scores)  # type: ignore[arg-type]
        return run_.best()  # type: ignore[return-value]

    assert best(1.01, 1.0) == 1.01, "a baseline that is nearly as good stays"
    assert best(2.0, 1.004, 1.0) == 1.004 and best(2.0, 1.006, 1.0) == 1.0
