"""Each paramstyle on a real connection: values arrive typed, hostile text stays a value."""

from __future__ import annotations

from typing import Any

import pytest
import warehouse
from warehouse.errors import ProgrammingError

HOSTILE = "'; drop table t; --"
STYLES: dict[str, tuple[str, Any]] = {
    "format": ("select b from t where a = %s and b <> %s", (2, HOSTILE)),
    "pyformat": ("select b from t where a = %(a)s and b <> %(b)s", {"a": 2, "b": HOSTILE}),
    "qmark": ("select b from t where a = ? and b <> ?", (2, HOSTILE)),
    "numeric": ("select b from t where a = :2 and b <> :1", (HOSTILE, 2)),
    "named": ("select b from t where a = :a and b <> :b", {"a": 2, "b": HOSTILE}),
}


@pytest.mark.parametrize("style", STYLES)
def test_style(style: str) -> None:
    sql, values = STYLES[style]
    with warehouse.connect(nodes=1, slices_per_node=1, paramstyle=style, autocommit=True) as c:
        c.execute("create table t (a int, b varchar(30)); insert into t values (1, 'x'), (2, 'y')")
        assert c.execute(sql, values).fetchall() == [("y",)]
        assert c.execute(sql, values).fetchall() == [("y",)]
        with pytest.raises(ProgrammingError):
            c.execute(sql, () if isinstance(values, tuple) else {})


def test_parameters_side_by_side(db: Any) -> None:
    assert db.execute("select %s,%s,%s", (1, "a", None)).fetchone() == (1, "a", None)
    assert db.execute("select %s+%s", (1, 2)).fetchone() == (3,)
