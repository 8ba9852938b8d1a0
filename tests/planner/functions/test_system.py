"""Functions about the session."""
from __future__ import annotations

from typing import Any

import pytest
from support_plans import bind, one
from warehouse.errors import NotSupportedError, UndefinedObject


@pytest.mark.parametrize("call", ["current_user", "user", "session_user", "current_user()"])
def test_user(call: str) -> None:
    assert one(call).value == "ann"  # type: ignore[union-attr]


def leader(sql: str, **settings: str) -> Any:
    """The constant of a query without tables."""
    plan = bind(f"select {sql}", **settings).plan
    return plan.columns[0][1].value  # type: ignore[union-attr]


def test_functions_of_the_leader() -> None:
    assert leader("current_schema()") == leader("current_schema") == "public"
    assert leader("current_schemas(false)") == "{public}"
    assert leader("current_schemas(true)") == "{pg_catalog,public}"
    for call in ("current_schema()", "current_schemas(true)", "now()", "current_timestamp"):
        with pytest.raises(NotSupportedError, match="not supported on Redshift tables"):
            one(call)


def test_current_setting() -> None:
    assert leader("current_setting('query_group')", query_group="night") == "night"
    assert leader("current_setting('app.user', false)") is None
    for call in ("current_setting('app.user')", "current_setting('nothing', false)"):
        with pytest.raises(UndefinedObject, match="unrecognized configuration parameter"):
            leader(call)


def test_others() -> None:
    assert one("current_database()").value == "dev"  # type: ignore[union-attr]
    assert one("current_user_id").value == 1  # type: ignore[union-attr]
    assert one("pg_backend_pid()").value == 0  # type: ignore[union-attr]  # the session's number
    version = one("pg_catalog.version()").value  # type: ignore[union-attr]
    assert version.startswith("PostgreSQL 8.0.2") and "Redshift" in version
