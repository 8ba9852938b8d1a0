"""The documents point at what is there."""
from __future__ import annotations

import datetime
import gzip
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from warehouse.client.repl.shell import Shell

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "GLOSSARY.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text())
    missing = [link for link in links if not link.startswith("http") and not (ROOT / link).exists()]
    assert not missing


def test_every_folder_is_described() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert not [folder for folder in folders if f"({folder}/)" not in text]


def test_the_readmes_tour_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statements of the tour, as they stand there, over files made here."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text()
    prompt = re.search(r"```\n\$ warehouse-sql dw.*?```", text, re.DOTALL)
    sql, python = (re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("sql", "python"))
    assert prompt and sql and python
    typed = re.sub(r"(?m)^(dw=>|  ->) ?", "", prompt.group().strip("`"))
    script = typed[typed.index("create table") :] + sql.group(1)
    (tmp_path / "data" / "orders").mkdir(parents=True)
    day = datetime.date(2024, 1, 31)
    orders = pa.table({"id": [1, 2], "day": pa.array([day, day]), "customer": [7, 8]})
    pq.write_table(orders, tmp_path / "data" / "orders" / "1.parquet")
    (tmp_path / "data" / "items.csv.gz").write_bytes(gzip.compress(b"order,product,price\n1,tea,12.50\n2,cup,3\n"))
    with warehouse.connect("dw", nodes=2, slices_per_node=2, autocommit=True) as connection:
        shell = Shell(connection, "dw", variables={"ON_ERROR_STOP": "1"})
        with open(tmp_path / "out", "w+") as shell.out:
            assert shell.run_text(script)
            shell.out.seek(0)
            assert "DS_DIST_NONE" in shell.out.read()
    exec(compile(python.group(1), "README.md", "exec"), {})


def test_the_page_of_external_tables_runs(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "external-tables.md").read_text()
    sql = re.search(r"```sql\n(.*?)```", text, re.DOTALL)
    assert sql
    for day, prices in (("2024-01-01", [1]), ("2024-01-02", [2, 3])):
        folder = tmp_path / "lake" / "sales" / f"day={day}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"id": prices, "price": pa.array(prices, pa.decimal128(12, 2))}), folder / "1.parquet")
    with warehouse.connect(":memory:", autocommit=True, s3_root=tmp_path) as connection:
        *statements, query = [s for s in sql.group(1).split(";") if s.strip()]
        for statement in statements:
            connection.execute(statement)
        assert connection.execute(query).fetchall() == [(datetime.date(2024, 1, 2), 5)]
