"""Functions about the session."""
from __future__ import annotations

import pytest
from support_plans import one


@pytest.mark.parametrize("call", ["current_user", "user", "session_user", "current_user()"])
def test_user(call: str) -> None:
    assert one(call).value == "ann"  # type: ignore[union-attr]


def test_others() -> None:
    assert one("current_database()").value == "dev"  # type: ignore[union-attr]
    assert one("current_schema()").value == one("current_schema").value == "public"  # type: ignore[union-attr]
    version = one("pg_catalog.version()").value  # type: ignore[union-attr]
    assert version.startswith("PostgreSQL 8.0.2") and "Redshift" in version
