"""PEP 249's Cursor: executes statements and hands out the rows of the latest.

A cursor holds one `Result` and turns its record batches into rows when asked, a few thousand at a
time; `fetch_arrow_table()` and friends hand the batches on untouched. Rows and batches may be fetched
in turns: whatever was not yet fetched comes next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from .. import errors
from . import parameters as styles
from .dbtypes import Description, describe
from .metadata_methods import MetadataMethods
from .rows import rows_of, with_floats

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow as pa

    from ..engine.result import Result
    from ..engine.session import Session
    from .dbapi import Connection

# Rows converted at a time for fetchone, fetchmany and iteration.
ROWS_AT_A_TIME = 1024


class Cursor(MetadataMethods):
    """Executes statements one after the other and hands out the rows of the latest."""

    # What a new one has; most are made for one statement.
    arraysize = 1
    lastrowid: None = None
    _style: str | None = None
    _closed = False
    _result: Result | None = None
    _rows: Iterator[tuple[Any, ...]] = iter(())
    _batch: pa.RecordBatch | None = None  # that _rows are of
    _rowcount = -1
    _description: list[Description] | None = None

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def paramstyle(self) -> str:
        """The connection's, unless set for this cursor."""
        return self._style or self.connection.paramstyle

    @paramstyle.setter
    def paramstyle(self, style: str) -> None:
        if style not in styles.STYLES:
            raise errors.InterfaceError(f"unknown paramstyle {style!r}; it is one of {', '.join(styles.STYLES)}")
        self._style = style

    # -- executing -----------------------------------------------------------------------------

    def execute(self, operation: str, parameters: Any = None, *, args: Any = None) -> Cursor:
        """Run one statement (or, without parameters, a script whose last result is kept). `args`: redshift_connector's
        name of the parameters."""
        session = self._forget()
        parameters = args if parameters is None else parameters
        if parameters is None:
            styles.check_statement(operation)
            self._keep(session.execute_all(operation))
            return self
        scanned, values = styles.bind(operation, parameters, self.paramstyle)
        assert scanned is not None
        try:
            self._keep(session.execute(scanned.text, values))
        except errors.Error as error:
            if error.position is not None:
                error.position = scanned.original(error.position)
            raise
        return self

    def executemany(
        self, operation: str, seq_of_parameters: Iterable[Any] = (), *, param_sets: Iterable[Any] = ()
    ) -> Cursor:
        """Run one statement for each set of parameters; INSERT ... VALUES as one multi-row insert."""
        session = self._forget()
        bound = [styles.bind(operation, p, self.paramstyle) for p in seq_of_parameters or param_sets]
        if any(scanned is None for scanned, _ in bound):
            raise errors.ProgrammingError("executemany() needs a set of parameters for each execution")
        if not bound:
            return self
        scanned = bound[0][0]
        assert scanned is not None
        try:
            self._rowcount = session.execute_many(scanned.text, [values for _, values in bound])
        except errors.Error as error:
            if error.position is not None:
                error.position = scanned.original(error.position)
            raise
        return self

    def callproc(self, procname: str, parameters: Sequence[Any] | None = None) -> None:
        """CALL, which is refused: there are no procedures here."""
        marks = ", ".join(["%s"] * len(parameters or ()))
        style, self._style = self._style, "format"
        try:
            self.execute(f"call {procname}({marks})", parameters or None)
        finally:
            self._style = style

    def _forget(self) -> Session:
        """Drop the former result; the session, if all is open."""
        if self._closed:
            self._open()  # which says so
        session = self.connection.session
        if self._result is not None or self._rowcount >= 0:
            self._drop()
        return session

    def _drop(self) -> None:
        result, self._result = self._result, None
        self._rows, self._batch = iter(()), None
        self._rowcount = -1
        self._description = None
        if result is not None:
            result.close()

    def _keep(self, result: Result) -> None:
        self._result = result

    # -- what came back ------------------------------------------------------------------------

    @property
    def description(self) -> list[Description] | None:
        """(name, type_code, display_size, internal_size, precision, scale, null_ok) of each column."""
        if self._description is None and self._result is not None and self._result.columns:
            self._description = [describe(c.name, c.type, c.nullable) for c in self._result.columns]
        return self._description

    @property
    def rowcount(self) -> int:
        """Rows written; rows of a result once all have arrived from the engine; else -1."""
        return self._result.rowcount if self._result is not None else self._rowcount

    @property
    def redshift_rowcount(self) -> int:
        """redshift_connector's other name for `rowcount`."""
        return self.rowcount

    @property
    def statusmessage(self) -> str | None:
        """The kind of the latest statement: 'SELECT', 'CREATE TABLE', 'COPY', ..."""
        return self._result.tag if self._result is not None else None

    @property
    def notices(self) -> list[str]:
        """Notices of the latest statement."""
        return [str(n) for n in self._result.notices] if self._result is not None else []

    # -- rows ----------------------------------------------------------------------------------

    def fetchone(self) -> tuple[Any, ...] | None:
        result = self._fetchable()
        row = next(self._rows, None)
        while row is None and self._more(result, ROWS_AT_A_TIME):
            row = next(self._rows, None)
        return row

    def fetchmany(self, size: int | None = None, *, num: int | None = None) -> list[tuple[Any, ...]]:
        """At most `size` rows (redshift_connector calls it `num`), as many as `arraysize` says unless given."""
        result = self._fetchable()
        size = num if size is None else size
        size = self.arraysize if size is None else size
        rows = list(islice(self._rows, size))
        while len(rows) < size and self._more(result, max(ROWS_AT_A_TIME, size - len(rows))):
            rows += islice(self._rows, size - len(rows))
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        result = self._fetchable()
        rows = list(self._rows)
        while (batch := result.next_batch()) is not None:
            rows += self._rows_of(batch)
        return rows

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self

    def __next__(self) -> tuple[Any, ...]:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def _more(self, result: Result, size: int) -> bool:
        """Convert up to `size` more rows; False at the end."""
        batch = result.next_batch()
        if batch is None:
            return False
        if batch.num_rows > size:
            result.push_back(batch.slice(size))
            batch = batch.slice(0, size)
        self._batch, self._rows = batch, self._rows_of(batch)
        return True

    def _rows_of(self, batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
        return rows_of(with_floats(batch) if self.connection.numeric_to_float else batch)

    def _open(self) -> None:
        if self._closed:
            raise errors.InterfaceError("the cursor is closed", sqlstate="24000")

    def _fetchable(self) -> Result:
        self._open()
        self.connection.session  # noqa: B018 - raises when closed
        result = self._result
        if result is None:
            raise errors.ProgrammingError("there are no rows to fetch: execute a query first", sqlstate="24000")
        if not result.columns:
            raise errors.ProgrammingError(
                f"there are no rows to fetch: the statement was {result.tag}", sqlstate="24000"
            )
        return result

    # -- Arrow and DataFrames --------------------------------------------------------------------

    def fetch_arrow_table(self) -> pa.Table:
        """All rows not yet fetched, as one Arrow table."""
        return self._arrow_result().table()

    def fetch_record_batch_reader(self) -> pa.RecordBatchReader:
        """All rows not yet fetched, as a stream that pulls batches from the engine when read."""
        return self._arrow_result().reader()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._arrow_result().__arrow_c_stream__(requested_schema)

    def fetch_df(self) -> pandas.DataFrame:
        """All rows not yet fetched, as a pandas DataFrame (needs the extra `pandas`)."""
        from .arrow import to_pandas

        return to_pandas(self._arrow_result().table())

    fetch_dataframe = fetch_df  # redshift_connector's name

    def write_dataframe(self, df: Any, table: str) -> int:
        """Append a DataFrame to an existing table (redshift_connector's name for it)."""
        self._open()
        return self.connection.write_arrow(table, df, create=False)

    def fetch_numpy_array(self, num: int | None = None) -> numpy.ndarray:
        """Rows not yet fetched (at most `num`) as an array of objects, a row each."""
        import numpy

        rows = self.fetchall() if num is None else self.fetchmany(num)
        width = len(self.description or ())
        found = numpy.empty((len(rows), width), dtype=object)
        for i, row in enumerate(rows):
            found[i, :] = row
        return found

    def insert_data_bulk(
        self, filename: str, table_name: str, parameter_indices: Sequence[int], column_names: Sequence[str],
        delimiter: str, batch_size: int = 1,
    ) -> Cursor:
        """Insert the lines of a delimited file behind its header; `batch_size` changes nothing, it is one insert."""
        from .bulk import insert

        insert(self, filename, table_name, parameter_indices, column_names, delimiter)
        return self

    def _arrow_result(self) -> Result:
        """The result with rows that were converted but not fetched put back: the last ones of their batch."""
        result = self._fetchable()
        rest = sum(1 for _ in self._rows)
        if rest:
            assert self._batch is not None
            result.push_back(self._batch.slice(self._batch.num_rows - rest))
        return result

    # -- the rest of PEP 249 ---------------------------------------------------------------------

    def close(self) -> None:
        """Stop the statement if it still runs; the cursor is unusable from now on."""
        if not self._closed:
            self._drop()
            self._closed = True

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Not needed: values carry their types (PEP 249 lets this do nothing)."""
        self._open()

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Not needed: values come whole (PEP 249 lets this do nothing)."""
        self._open()

    def __enter__(self) -> Cursor:
        self._open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _repr_html_(self) -> str | None:
        """The first rows as an HTML table, for notebooks; nothing is taken from the result."""
        if self._closed or self._result is None or not self._result.columns:
            return None
        from .arrow import html_table

        return html_table(self._result)
