"""SET, RESET, SHOW: names, checks, defaults."""

from __future__ import annotations

import pytest
import warehouse
from warehouse.engine.settings import SETTINGS, Settings, split_names
from warehouse.errors import Error, NotSupportedError, ProgrammingError, UndefinedObject


def test_every_default_passes_its_own_check() -> None:
    for name, setting in SETTINGS.items():
        assert setting.check(name, setting.default) == setting.default
        assert setting.effect


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("statement_timeout", "5000", "5000"),
        ("statement_timeout", "2s", "2000"),
        ("SEARCH_PATH", "'$user', Public, \"Odd Name\"", '"$user", public, "Odd Name"'),
        ("search_path", "$user, public", "$user, public"),
        ("describe_field_name_in_uppercase", "true", "on"),
        ("query_group", "Monday", "Monday"),
        ("time zone", "gmt", "UTC"),
        ("timezone", "utc", "UTC"),
        ("datestyle", "ISO", "ISO, MDY"),
        ("enable_result_cache_for_session", "FALSE", "off"),
        ("wlm_query_slot_count", "5", "5"),
        ("app_context.user_id", "x", "x"),
    ],
)
def test_set_and_reset(name: str, value: str, kept: str) -> None:
    settings = Settings()
    settings.set(name, value)
    assert settings.show(name) == kept
    settings.set(name, None)
    if "." not in name:
        assert settings.show(name) == Settings().show(name)


@pytest.mark.parametrize(
    ("name", "value", "error", "sqlstate"),
    [
        ("no_such", "1", UndefinedObject, "42704"),
        ("mv_enable_aqmv_for_session", "on", NotSupportedError, "0A000"),
        ("statement_timeout", "-1", ProgrammingError, "22023"),
        ("statement_timeout", "soon", ProgrammingError, "22023"),
        ("timezone", "Nowhere/Land", ProgrammingError, "22023"),
        ("timezone", "PST", ProgrammingError, "22023"),
        ("enable_result_cache_for_session", "maybe", ProgrammingError, "22023"),
        ("datestyle", "German", NotSupportedError, "0A000"),
        ("wlm_query_slot_count", "51", ProgrammingError, "22023"),
    ],
)
def test_refused_by_name(name: str, value: str, error: type[Error], sqlstate: str) -> None:
    settings = Settings()
    with pytest.raises(error, match=name) as caught:
        settings.set(name, value)
    assert caught.value.sqlstate == sqlstate
    assert dict(settings) == dict(Settings())


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(UndefinedObject) as caught:
        Settings().show("serch_path")
    assert caught.value.hint == 'Did you mean "search_path"?'


def test_an_unset_context_variable_is_an_error() -> None:
    with pytest.raises(UndefinedObject):
        Settings().show("app.nothing")


def test_a_copy_is_separate() -> None:
    settings = Settings({"compatibility": "extended"})
    copy = settings.copy()
    settings.set("query_group", "a")
    assert copy["query_group"] == "unset"
    copy.set("compatibility", "redshift")
    copy.set("compatibility", None)
    assert copy["compatibility"] == "extended"


def test_search_path_names() -> None:
    assert split_names("$user, \"Mixed\", PUBLIC, 'x'") == ("$user", "Mixed", "public", "x")


def test_names_of_results_in_upper_case() -> None:
    with warehouse.connect(":memory:", autocommit=True) as session:
        session.execute("create table t (a int)")
        for value, names in (("on", ["A", "?COLUMN?"]), ("off", ["a", "?column?"])):
            session.execute(f"set describe_field_name_in_uppercase to {value}")
            found = session.execute("select a, a + 1 from t")
            assert [column[0] for column in found.description or ()] == names
            assert found.fetch_arrow_table().column_names == names
