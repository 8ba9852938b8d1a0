"""Arrow and DataFrames in and out, and the HTML preview that notebooks show."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..errors import InterfaceError
from .rows import rows_of

if TYPE_CHECKING:
    import pandas

    from ..engine.result import Result
    from ..engine.session import Session

PREVIEW_ROWS = 20


def write_arrow(session: Session, table: str, data: Any, create: bool) -> int:
    """Append `data` to `table`; see Connection.write_arrow."""
    return session.load_arrow(table, open_stream(data), create)


def open_stream(data: Any) -> pa.RecordBatchReader:
    """A reader over anything Arrow-like; DataFrames lose their index."""
    if type(data).__module__.partition(".")[0] == "pandas":
        if not hasattr(data, "columns"):
            raise InterfaceError("write_arrow takes a DataFrame, not a Series; use data.to_frame(name)")
        return pa.Table.from_pandas(data, preserve_index=False).to_reader()
    if isinstance(data, pa.RecordBatchReader):
        return data
    if hasattr(data, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(data)
    raise InterfaceError(
        f"write_arrow takes an object with __arrow_c_stream__ (a pyarrow Table, a polars or pandas "
        f"DataFrame, a result of this library ...), not {type(data).__name__}"
    )


def to_pandas(table: pa.Table) -> pandas.DataFrame:
    try:
        import pandas  # noqa: F401
    except ImportError:
        raise InterfaceError(
            "fetch_df() needs pandas, which is not installed", hint="pip install 'warehouse-sql[pandas]'"
        ) from None
    return table.to_pandas()


def html_table(result: Result) -> str:
    """The rows that have arrived and are unread, at most PREVIEW_ROWS of them."""
    rows: list[tuple[Any, ...]] = []
    for batch in result.peek():
        rows += rows_of(batch.slice(0, PREVIEW_ROWS - len(rows)))
        if len(rows) >= PREVIEW_ROWS:
            break
    head = "".join(
        f"<th>{html.escape(c.name)}<br><small>{html.escape(str(c.type))}</small></th>" for c in result.columns
    )
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    shown = sum(batch.num_rows for batch in result.peek())
    note = f"{shown:,} rows" if result.ended else f"more than {shown:,} rows"
    if len(rows) < shown:
        note += f", the first {len(rows)} shown"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p><small>{note}</small></p>"


def _cell(value: Any) -> str:
    if value is None:
        return "<td><em>NULL</em></td>"
    align = ' style="text-align:right"' if not isinstance(value, str) else ""
    return f"<td{align}>{html.escape(str(value))}</td>"
