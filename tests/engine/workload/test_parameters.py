"""wlm_json_configuration by option, by file and by ALTER SYSTEM; what waits until the database is opened anew."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import warehouse

TWO = [{"query_group": ["a"], "query_concurrency": 2}, {"query_concurrency": 3}]


def connect(path: Any = ":memory:", wlm: Any = None, **options: Any) -> warehouse.Connection:
    given = json.dumps(wlm) if isinstance(wlm, list) else wlm
    return warehouse.connect(path, autocommit=True, threads=1, wlm_json_configuration=given, **options)


def slots(connection: warehouse.Connection) -> list[tuple[Any, ...]]:
    sql = "select service_class, num_query_tasks, target_num_query_tasks from stv_wlm_service_class_config order by 1"
    return connection.execute(sql).fetchall()


def test_the_default_is_automatic() -> None:
    with connect() as c:
        assert slots(c) == [(5, 1, 1), (14, 5, 5), (100, -1, -1)]
        assert json.loads(c.execute("show wlm_json_configuration").fetchone()[0])[0] == {"auto_wlm": True}


def test_an_option_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "wlm.json"
    file.write_text(json.dumps(TWO))
    for given in (TWO, str(file), file):
        with connect(wlm=given) as c:
            assert slots(c) == [(5, 1, 1), (6, 2, 2), (7, 3, 3)]
    with pytest.raises(warehouse.Error, match=r"the file 'none.json' cannot be read"):
        connect(wlm="none.json")
    with pytest.raises(warehouse.ProgrammingError, match="unknown property 'slots'"):
        connect(wlm=[{"slots": 1}])


def test_alter_system_lasts(tmp_path: Path) -> None:
    with connect(tmp_path / "db") as c:
        c.execute(f"alter system set wlm_json_configuration to '{json.dumps([{'auto_wlm': True}])}'")
        assert slots(c) == [(5, 1, 1), (100, -1, -1)]
    with connect(tmp_path / "db") as c:
        assert slots(c) == [(5, 1, 1), (100, -1, -1)]
        c.execute("alter system reset wlm_json_configuration")
        assert slots(c) == [(5, 1, 1), (14, 5, 5), (100, -1, -1)]
    assert json.loads((tmp_path / "db" / "parameters.json").read_text()) == {}


def test_what_an_earlier_release_has_kept(tmp_path: Path) -> None:
    """One queue was taken for a list of one; what is no configuration any more can be taken away."""
    with connect(tmp_path / "db") as c:
        c.execute("create table t as select 1 as a")
    kept = tmp_path / "db" / "parameters.json"
    kept.write_text(json.dumps({"wlm_json_configuration": {"query_concurrency": 7}}))
    with connect(tmp_path / "db") as c:
        assert c.execute("select a from t").fetchall() == [(1,)] and slots(c) == [(5, 1, 1), (6, 7, 7)]
    for broken in ([{"slots": 1}], "no json"):
        kept.write_text(json.dumps({"wlm_json_configuration": broken}))
        with connect(tmp_path / "db") as c:
            with pytest.raises(warehouse.OperationalError, match=r"parameters.json: wlm_json_configuration") as caught:
                c.execute("select a from t")
            assert "ALTER SYSTEM RESET" in (caught.value.hint or "")
            c.execute("alter system reset wlm_json_configuration")
            assert c.execute("select a from t").fetchall() == [(1,)]


def test_static_properties_wait_for_the_next_opening(tmp_path: Path) -> None:
    with connect(tmp_path / "db") as c:
        cursor = c.cursor()
        cursor.execute(f"alter system set wlm_json_configuration = '{json.dumps(TWO)}'")
        assert "auto_wlm cannot be changed while the database is open" in str(c.notices[-1])
        assert slots(c)[-1] == (100, -1, -1)
    with connect(tmp_path / "db") as c:
        assert slots(c) == [(5, 1, 1), (6, 2, 2), (7, 3, 3)]
        more = json.dumps([TWO[0], {"query_concurrency": 30}])
        c.execute(f"alter system set wlm_json_configuration = '{more}'")  # dynamic
        assert slots(c) == [(5, 1, 1), (6, 2, 2), (7, 30, 30)]


def test_what_cannot_be(tmp_path: Path) -> None:
    with connect() as c:
        for sql, words in (
            (f"alter system set wlm_json_configuration = '{json.dumps(TWO)}'", "auto_wlm needs the database to be"),
            ("alter system set wlm_json_configuration = '[{}'", "is not valid JSON"),
            ("alter system set work_mem = '3'", 'unrecognized configuration parameter "work_mem"'),
            ("set wlm_json_configuration to '[]'", "cannot be changed in a session"),
            ("alter system set max_concurrency_scaling_clusters = '11'", "invalid value"),
            ("alter system set usage_limits = '[{\"feature_type\": \"x\"}]'", "feature_type must be one of"),
            ("begin; alter system reset wlm_json_configuration", "cannot run inside a transaction block"),
        ):
            with pytest.raises(warehouse.Error, match=words.replace("(", r"\(")):
                c.cursor().execute(sql) if ";" not in sql else list(c.session.execute_script(sql))
    with connect(tmp_path / "db", TWO) as c, pytest.raises(warehouse.InterfaceError, match="is open with another"):
        connect(tmp_path / "db", [{"auto_wlm": True}])
    for given, words in (("", "is not valid JSON"), ("nowhere.json", "the file 'nowhere.json' cannot be read")):
        with pytest.raises(warehouse.Error, match=words):
            warehouse.connect(wlm_json_configuration=given)
    (tmp_path / "db" / "parameters.json").write_text("{")
    with connect(tmp_path / "db") as c, pytest.raises(warehouse.OperationalError, match=r"json cannot be read"):
        c.execute("create table t as select 1 as a")
        c.execute("select * from t")


def test_other_parameters_last_too(tmp_path: Path) -> None:
    limit = {"usage_limit_id": "a", "feature_type": "spectrum", "limit_type": "data-scanned", "amount": 1.0,
             "period": "daily", "breach_action": "disable"}  # fmt: skip
    for first in (True, False):
        with connect(tmp_path / "db") as c:
            if first:
                assert c.execute("show max_concurrency_scaling_clusters").fetchone()[0] == "1"
                c.execute("alter system set max_concurrency_scaling_clusters = '3'")
                c.execute(f"alter system set usage_limits = '{json.dumps([limit])}'")
            assert c.execute("show max_concurrency_scaling_clusters").fetchone()[0] == "3"
            assert json.loads(c.execute("show usage_limits").fetchone()[0]) == [limit]


def test_only_superusers(tmp_path: Path) -> None:
    with connect(tmp_path / "db") as boss:
        boss.execute("create user ann password 'Abcdef12'")
        with connect(tmp_path / "db", user="ann") as ann, pytest.raises(warehouse.Error, match="must be superuser"):
            ann.execute("alter system reset wlm_json_configuration")
