"""Results as text, from Arrow, a column at a time: no Python loop over cells for ordinary data.

    table     a box with head and tail and the number of rows between, fitted to the terminal
    csv tsv json jsonl markdown vertical html      the usual forms

    ┌────────────┬──────────┐
    │   n_name   │ n_region │     columns are cast to text by Arrow, their widths measured and
    │  char(25)  │ bigint   │     padded by Arrow, and lines joined by Arrow; only text beyond
    ├────────────┼──────────┤     ASCII is measured in Python (wide and combining characters)
    │ ALGERIA    │        0 │
    │     ·      │     ·    │     more than `max_rows` rows: the first and the last, dots between
    └────────────┴──────────┘
    (25 rows)

Values are spelled as psql spells them: booleans t and f, timestamps without idle zeros, infinity and
NaN by name. NULL shows as NULL in a table, as nothing in csv and as null in JSON.
Where the text goes, and which form is chosen, is the shell's business (repl/shell.py).
"""
from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.compute as pc
from wcwidth import wcswidth

from ..records import dataclass
from ..storage.arrow import sql_kind
from ..storage.arrow_values import array_of, text_scalar
from ..storage.intervals import micros_text, months_text

NULL = "NULL"
MIN_CELL = 30  # a column is not cut below this to fit the terminal
ESCAPED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e"}


@dataclass(frozen=True, slots=True)
class Options:
    """How to render: `width` of the terminal and `max_rows` to show; None means all."""

    width: int | None = None
    max_rows: int | None = None
    types: Sequence[str] = ()
    null: str = NULL
    header: bool = True
    footer: bool = True


# -- values as text ------------------------------------------------------------------------------


def text_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column cast to strings, spelled as psql spells them; NULL stays NULL."""
    kind = column.type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_large_string(kind) or pa.types.is_dictionary(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_interval(kind):
        return _each(column, lambda v: months_text(v.months))
    if pa.types.is_duration(kind):
        return _each(column.cast(pa.int64()), micros_text)
    if pa.types.is_binary(kind):
        return _each(column, bytes.hex)
    if pa.types.is_boolean(kind):
        return pc.if_else(column, "t", "f")
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        return _moments(column)
    if pa.types.is_floating(kind):
        return _floats(column)
    if pa.types.is_decimal(kind) and kind.scale > 6:  # Arrow turns to 1E-8 there
        return pa.chunked_array([[None if v is None else f"{v:f}" for v in column.to_pylist()]], pa.string())
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_date(kind):
        return column.cast(pa.string())
    return pa.chunked_array([[None if v is None else str(v) for v in column.to_pylist()]], pa.string())


def _each(column: pa.ChunkedArray, spell: Callable[[Any], str]) -> pa.ChunkedArray:
    """Values that Arrow cannot print."""
    return pa.chunked_array([[None if v is None else spell(v) for v in column.to_pylist()]], pa.string())


def spelled(table: pa.Table) -> pa.Table:
    """The table with text for columns of SQL types that Arrow has no type for."""
    for i, field in enumerate(table.schema):
        if sql_kind(field) == "timetz":
            zoned = pc.binary_join_element_wise(_moments(table.column(i)), "+00", "")
            table = table.set_column(i, pa.field(field.name, pa.string()), zoned)
    return table


def _moments(column: pa.ChunkedArray) -> pa.ChunkedArray:
    zone = getattr(column.type, "tz", None)
    if zone not in (None, "UTC"):
        return _in_zone(column, zone)
    if zone is not None:
        column = column.cast(pa.timestamp(column.type.unit))
    text = pc.replace_substring_regex(column.cast(pa.string()), r"\.0+$", "")
    text = pc.replace_substring_regex(text, r"(\.\d*[1-9])0+$", r"\1")
    return text if zone is None else pc.binary_join_element_wise(text, "+00", "")


def _in_zone(column: pa.ChunkedArray, zone: str) -> pa.ChunkedArray:
    from ..engine.functions.zones import printed
    from ..storage.timezones import zone_name

    name = zone_name(zone)
    return _each(column.cast(pa.int64()), lambda micros: printed(micros, name))


def _floats(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.replace_substring_regex(column.cast(pa.string()), r"\.0$", "")
    for spelled, wanted in (("-inf", "-Infinity"), ("inf", "Infinity"), ("nan", "NaN"), ("-nan", "NaN")):
        text = pc.if_else(pc.equal(text, spelled), wanted, text)
    return text


def is_number(kind: pa.DataType) -> bool:
    """Numbers stand at the right of their cell."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def shown_text(column: pa.ChunkedArray, null: str) -> pa.ChunkedArray:
    """Text for a cell: NULL spelled out, control characters escaped."""
    text = _filled(text_column(column), null)
    for character, escape in ESCAPED.items():
        text = pc.replace_substring(text, character, escape)
    return text


def widths(text: pa.ChunkedArray) -> list[int] | pa.ChunkedArray:
    """Columns of the terminal that each value takes."""
    length = pc.utf8_length(text)
    if pc.sum(length).as_py() == pc.sum(pc.binary_length(text)).as_py():
        return length  # ASCII only
    return [width(value) for value in strings(text)]


def strings(text: pa.ChunkedArray) -> list[str]:
    """The values of a column without NULL."""
    values: list[str] = text.to_pylist()
    return values


def width(text: str) -> int:
    return max(wcswidth(text), 0)


# -- the box -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Cells:
    """One column ready to print: its heading lines and its padded values."""

    heading: list[str]
    values: list[str]
    width: int


def box(table: pa.Table, options: Options) -> Iterator[str]:
    """The lines of a table with frame, head and tail."""
    names = [_plain(name) for name in table.column_names]
    if not names:
        yield f"({table.num_rows} rows)"
        return
    total = table.num_rows
    head = tail = None
    if options.max_rows is not None and total > options.max_rows:
        head, tail = (options.max_rows + 1) // 2, options.max_rows // 2
        table = pa.concat_tables([table.slice(0, head), table.slice(total - tail)])
    texts = [shown_text(column, options.null) for column in table.columns]
    sizes = [widths(text) for text in texts]
    headings = list(zip(names, options.types)) if options.types else [(name,) for name in names]
    wanted = [_widest(size, heading) for size, heading in zip(sizes, headings)]
    room, kept = fit(wanted, options.width)
    columns = []
    for i in kept:
        if i is None:
            columns.append(_Cells(["…", ""], ["…"] * table.num_rows, 1))
            continue
        right = is_number(table.schema.field(i).type)
        values = padded(texts[i], sizes[i], room[i], right)
        heading = [centred(names[i], room[i])]
        if options.types:
            heading.append(centred(options.types[i], room[i]))
        columns.append(_Cells(heading, values, room[i]))
    yield from _frame(columns, head, bool(options.types))
    if options.footer:
        yield _footer(total, head, tail, len(names), len(kept) if None in kept else None)


def _frame(columns: list[_Cells], head: int | None, types: bool) -> Iterator[str]:
    bars = ["─" * (c.width + 2) for c in columns]
    yield "┌" + "┬".join(bars) + "┐"
    for line in range(2 if types else 1):
        yield "│ " + " │ ".join(c.heading[line].ljust(c.width) for c in columns) + " │"
    yield "├" + "┼".join(bars) + "┤"
    rows = zip(*(c.values for c in columns))
    dots = "│ " + " │ ".join(centred("·", c.width) for c in columns) + " │"
    for number, row in enumerate(rows):
        if number == head:
            yield from (dots, dots, dots)
        yield "│ " + " │ ".join(row) + " │"
    yield "└" + "┴".join(bars) + "┘"


def _footer(total: int, head: int | None, tail: int | None, columns: int, shown: int | None) -> str:
    text = "1 row" if total == 1 else f"{total:,} rows"
    if head is not None and tail is not None:
        text += f", {head + tail} shown"
    if shown is not None:
        text += f"; {columns} columns, {shown - 1} shown"
    return f"({text})"


def _widest(sizes: list[int] | pa.ChunkedArray, headings: Sequence[str]) -> int:
    cells = max(sizes, default=0) if isinstance(sizes, list) else (pc.max(sizes).as_py() or 0)
    return max(cells, *(width(h) for h in headings), 1)


def fit(wanted: list[int], terminal: int | None) -> tuple[list[int], list[int | None]]:
    """Widths that fit the terminal, and the columns kept (one None = where some are left out).

    The widest columns give way first, not below MIN_CELL (a third of a narrow terminal); where that
    does not do, columns in the middle are left out.
    """
    total = len(wanted)
    everything: list[int | None] = list(range(total))
    if terminal is None or sum(wanted) + 3 * total + 1 <= terminal:
        return wanted, everything
    least = min(MIN_CELL, terminal // 3)
    for count in range(total, 0, -1):
        left, right = list(range((count + 1) // 2)), list(range(total - count // 2, total))
        spare = terminal - 1 - 3 * count - (4 if count < total else 0)
        cap = _cap([wanted[i] for i in (*left, *right)], spare)
        if cap >= least:
            break
    room = [min(w, max(cap, 1)) for w in wanted]
    return room, everything if count == total else [*left, None, *right]


def _cap(wanted: list[int], spare: int) -> int:
    """The largest width to which columns can be cut so that all fit into `spare`."""
    caps = range(max(wanted), 0, -1)
    return next((c for c in caps if sum(min(w, c) for w in wanted) <= spare), 0)


def padded(text: pa.ChunkedArray, sizes: list[int] | pa.ChunkedArray, room: int, right: bool) -> list[str]:
    """Every value cut and padded to `room` columns."""
    if not isinstance(sizes, list):
        if (pc.max(sizes).as_py() or 0) > room:
            cut = pc.binary_join_element_wise(pc.utf8_slice_codeunits(text, 0, room - 1), "…", "")
            text = pc.if_else(pc.greater(sizes, room), cut, text)
        pad = pc.utf8_lpad if right else pc.utf8_rpad
        return list(pad(text, room).to_pylist())
    return [_pad(value, room, right) for value in strings(text)]


def _pad(value: str, room: int, right: bool) -> str:
    if width(value) > room:
        while width(value) > room - 1:
            value = value[:-1]
        value += "…"
    blank = " " * (room - width(value))
    return blank + value if right else value + blank


def centred(text: str, room: int) -> str:
    """A heading in the middle of its column, cut where it must be."""
    if width(text) > room:
        return _pad(text, room, False)
    before = (room - width(text)) // 2
    return " " * before + text + " " * (room - width(text) - before)


def _plain(text: str) -> str:
    for character, escape in ESCAPED.items():
        text = text.replace(character, escape)
    return text


# -- the other forms -----------------------------------------------------------------------------


def markdown(table: pa.Table, options: Options) -> Iterator[str]:
    """A GitHub table."""
    yield "| " + " | ".join(_plain(n).replace("|", "\\|") for n in table.column_names) + " |"
    yield "|" + "|".join("---:" if is_number(field.type) else "---" for field in table.schema) + "|"
    cells = [pc.replace_substring(shown_text(c, options.null), "|", "\\|") for c in table.columns]
    yield from joined(cells, "| ", " | ", " |")


def joined(cells: list[pa.ChunkedArray], before: str, between: str, after: str) -> Iterator[str]:
    """Lines of one value per column."""
    if cells:
        lines = pc.binary_join_element_wise(*cells, text_scalar(between))
        ends = [text_scalar(before), lines, text_scalar(after), text_scalar("")]
        yield from pc.binary_join_element_wise(*ends).to_pylist()


def vertical(table: pa.Table, options: Options) -> Iterator[str]:
    """psql's expanded form: a block per row, a line per column."""
    names = [_plain(name) for name in table.column_names]
    widest = max((width(name) for name in names), default=0)
    labels = [name + " " * (widest - width(name)) for name in names]
    columns = [shown_text(column, options.null).to_pylist() for column in table.columns]
    for number, row in enumerate(zip(*columns), start=1):
        title = f"─[ row {number} ]"
        yield title + "─" * max(widest + 3 - len(title), 0)
        yield from (f"{label} │ {value}" for label, value in zip(labels, row))
    if options.footer:
        yield "(1 row)" if table.num_rows == 1 else f"({table.num_rows:,} rows)"


def html_lines(table: pa.Table, options: Options) -> Iterator[str]:
    """An HTML table."""
    yield "<table>"
    yield "<tr>" + "".join(f"<th>{html.escape(name)}</th>" for name in table.column_names) + "</tr>"
    columns = [_filled(text_column(c), options.null).to_pylist() for c in table.columns]
    for row in zip(*columns):
        yield "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in row) + "</tr>"
    yield "</table>"


def jsonl(table: pa.Table, options: Options) -> Iterator[str]:
    """One JSON object per line."""
    names = [json.dumps(name, ensure_ascii=False) + ": " for name in table.column_names]
    for batch in table.to_batches(max_chunksize=4096):
        columns = [_json_values(column) for column in batch.columns]
        for row in zip(*columns):
            yield "{" + ", ".join(map("".join, zip(names, row))) + "}"


def _json_values(array: pa.Array) -> list[str]:
    """JSON texts; exact numbers keep their digits."""
    kind = array.type
    if pa.types.is_boolean(kind):
        return ["null" if v is None else ("true" if v else "false") for v in array.to_pylist()]
    texts = text_column(pa.chunked_array([array])).to_pylist()
    if is_number(kind):
        odd = ("NaN", "Infinity", "-Infinity")
        return ["null" if v is None or v in odd else v for v in texts]
    return ["null" if v is None else json.dumps(v, ensure_ascii=False) for v in texts]


def json_lines(table: pa.Table, options: Options) -> Iterator[str]:
    """One JSON array of objects."""
    rows = list(jsonl(table, options))
    yield "[" + (",\n ".join(rows)) + "]"


def csv_lines(table: pa.Table, options: Options) -> Iterator[str]:
    """RFC 4180: quotes where needed; NULL is nothing, empty text is \"\"."""
    if options.header:
        yield ",".join(strings(_quoted(pa.chunked_array([array_of(table.column_names, pa.string())]))))
    yield from joined([_filled(_quoted(text_column(c)), "") for c in table.columns], "", ",", "")


def _filled(text: pa.ChunkedArray, null: str) -> pa.ChunkedArray:
    return pc.coalesce(text, text_scalar(null))


def _quoted(text: pa.ChunkedArray) -> pa.ChunkedArray:
    needed = pc.match_substring_regex(text, '^$|[",\r\n]')
    if not pc.any(needed).as_py():
        return text
    marks = pc.binary_join_element_wise('"', pc.replace_substring(text, '"', '""'), '"', "")
    return pc.if_else(needed, marks, text)


def tsv_lines(table: pa.Table, options: Options) -> Iterator[str]:
    """Values with tabs between; tabs and line ends inside them as \\t and \\n."""
    if options.header:
        yield "\t".join(map(_plain, table.column_names))
    yield from joined([shown_text(c, "") for c in table.columns], "", "\t", "")


LINES: dict[str, Callable[[pa.Table, Options], Iterator[str]]] = {
    "table": box,
    "csv": csv_lines,
    "tsv": tsv_lines,
    "markdown": markdown,
    "vertical": vertical,
    "html": html_lines,
    "json": json_lines,
    "jsonl": jsonl,
}
FORMATS = tuple(LINES)


def write(table: pa.Table, form: str, out: TextIO, options: Options) -> None:
    """Write a result in one of FORMATS."""
    for line in LINES[form](spelled(table), options):
        out.write(line)
        out.write("\n")
