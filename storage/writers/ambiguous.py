"""Texts that a delimited file of an external table could not give back: they are refused instead of written.

    fields by |      a|b    two fields       x<line end>y    two lines       \\N    NULL, where that is the null string

With ESCAPED BY the delimiter and \\N are written so that they come back; line ends are not, for lines are told apart
before anything else is looked at. UNLOAD is another matter: there the manual leaves it to the user.
"""
from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ...errors import DataError
from .base import OutColumn
from .options import FileOptions

_LINE_ENDS = "\n\r"


class AmbiguousTexts:
    """For the columns of a batch that stand in the file as text."""

    def __init__(self, columns: Sequence[OutColumn], left_out: Sequence[str], options: FileOptions) -> None:
        """`left_out`: partition columns, which are not in the file."""
        self._columns = [(i, c.name) for i, c in enumerate(columns) if c.type.is_string and c.name not in left_out]
        self._characters = _LINE_ENDS if options.escape else _LINE_ENDS + options.delimiter
        self._bytes = [character.encode() for character in self._characters]
        self._pattern = f"[{re.escape(self._characters)}]"
        self._null = None if options.escape else options.null

    def refuse(self, batch: pa.RecordBatch) -> None:
        """DataError (22000) when there is one."""
        for i, name in self._columns:
            array = batch.column(i)
            if self._may_hold(array) and pc.any(pc.match_substring_regex(array, self._pattern)).as_py():
                what = "a line end" if len(self._characters) == len(_LINE_ENDS) else "a line end or the field delimiter"
                raise DataError(f'a text of column "{name}" holds {what}, which text files could not give back',
                                hint="Choose another delimiter, ESCAPED BY, or another format.", sqlstate="22000")
            if self._null is not None and pc.any(pc.equal(array, self._null)).as_py():
                raise DataError(f'a text of column "{name}" is "{self._null}", which means NULL in these files',
                                hint="Set serialization.null.format, or use ESCAPED BY.", sqlstate="22000")

    def _may_hold(self, array: pa.Array) -> bool:
        """By a glance at the bytes, those of rows that were cut off too."""
        data = array.buffers()[-1]
        raw = b"" if data is None else data.to_pybytes()
        return any(character in raw for character in self._bytes)
