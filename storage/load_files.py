"""The extent files of one load: opened, filled and closed slice by slice; removed if it comes to nothing.

    data/<table>/<slice>/<transaction>-<number>.ext        slice "all": the one copy of replicated rows

A slice has one file open at a time; several threads may write, each slice's files one after the other. As long as
a slice has little it is held in memory, and stays without a file if that is all there is to the load (inline.py). Which
row groups go where, and whether a run has a file of its own because it is sorted, is the writer's business
(run_writer.py).
"""
from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..records import dataclass
from .catalog.folder import sync_folder
from .database import Database
from .encodings.registry import by_code
from .extent import MAX_GROUPS, EncodedGroup, ExtentSummary, ExtentWriter
from .failpoints import reach
from .inline import inline_name
from .placement import REPLICATED
from .schema import Column, ExtentRef
from .statistics import ColumnSketch

ALL_FOLDER = "all"


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """Row groups of a slice that may need no file."""

    columns: tuple[Column, ...]
    groups: tuple[EncodedGroup, ...] = ()
    bytes: int = 0


class LoadFiles:
    """For any thread."""

    def __init__(
        self, database: Database, table_id: int, sample: int | None = None, *, inline: bool = False
    ) -> None:
        """`sample`: of how many rows of each slice `most_used_encoding` counts the encodings (None: all). `inline`: a
        load of little needs no files."""
        self._sample = sample
        self._sampled: Counter[int] = Counter()  # rows, by slice
        self._database = database
        self._inline = database.inline_bytes if inline else 0
        self._held: dict[int, _Held] = {}
        self._table_id = table_id
        self._transaction = database.new_transaction()
        self._open: dict[int, ExtentWriter] = {}
        self._finished: list[tuple[int, ExtentSummary]] = []
        self._folders: set[Path] = set()
        self._files = 0
        self._encodings: dict[int, Counter[int]] = {}
        self._lock = threading.Lock()  # of everything above
        slices = range(database.topology.slices)
        self._turns = {slice_: threading.RLock() for slice_ in (REPLICATED, *slices)}  # of a slice's open file

    def append(
        self, slice_: int, groups: Sequence[EncodedGroup], columns: Sequence[Column], *, apart: bool = False
    ) -> None:
        """Write row groups to the slice's file; `apart`: they begin a new one."""
        with self._turns[slice_]:
            if apart:
                self._let_go(slice_)
                self.close(slice_)
            for group in groups:
                self._append(slice_, group, columns)

    def _append(self, slice_: int, group: EncodedGroup, columns: Sequence[Column]) -> None:
        if slice_ not in self._open and self._hold(slice_, group, columns):
            return
        writer = self._open.get(slice_)
        if writer is not None and writer.full:
            self.close(slice_)
            writer = None
        if writer is None:
            writer = self._open[slice_] = ExtentWriter(self.new_path(slice_), columns)
        self._write(slice_, writer, group)

    def _write(self, slice_: int, writer: ExtentWriter, group: EncodedGroup) -> None:
        writer.append_group(group)
        with self._lock:
            if self._sample is not None and self._sampled[slice_] >= self._sample:
                return
            self._sampled[slice_] += group.rows
            for column, block in zip(writer.columns, group.blocks):
                self._encodings.setdefault(column.id, Counter())[block.encoding] += group.rows

    def _hold(self, slice_: int, group: EncodedGroup, columns: Sequence[Column]) -> bool:
        """Keep a row group back, if all that the slice has so far is little; else its file begins with what was."""
        held = self._held.get(slice_) or _Held(tuple(columns))
        if held.bytes + group.bytes <= self._inline and len(held.groups) < MAX_GROUPS:
            self._held[slice_] = _Held(held.columns, (*held.groups, group), held.bytes + group.bytes)
            return True
        self._let_go(slice_)
        return False

    def _let_go(self, slice_: int) -> None:
        """Begin the slice's file with what was held back."""
        held = self._held.pop(slice_, None)
        if held is not None:
            writer = self._open[slice_] = ExtentWriter(self.new_path(slice_), held.columns)
            for group in held.groups:
                self._write(slice_, writer, group)

    def new_path(self, slice_: int) -> Path:
        """A name for one more file of the slice; its folder is there."""
        name = ALL_FOLDER if slice_ == REPLICATED else str(slice_)
        folder = self._database.data_folder() / str(self._table_id) / name
        with self._lock:
            if folder not in self._folders:
                folder.mkdir(parents=True, exist_ok=True)
                self._folders.add(folder)
            self._files += 1
            return folder / f"{self._transaction}-{self._files - 1}.ext"

    def inline_copy(self, extent: ExtentRef) -> ExtentRef:
        """An inline extent once more, under a new name and id."""
        with self._lock:
            self._files += 1
            name = inline_name(self._transaction, self._files - 1)
        return replace(extent, id=self._database.new_extent(), path=name)

    def close(self, slice_: int) -> None:
        """End the slice's file, if one is open."""
        with self._turns[slice_]:
            writer = self._open.pop(slice_, None)
            if writer is None:
                return
            try:
                summary = writer.finish(sync=self._database.durable)
            except BaseException:
                writer.abort()
                raise
            self._finished.append((slice_, summary))

    def finish(self) -> None:
        """End all files and make their names durable, up to the data folder."""
        if self._open or self._finished:  # there are files to sync, one more costs little
            for slice_ in list(self._held):
                self._let_go(slice_)
        for slice_ in list(self._open):
            self.close(slice_)
        if self._finished:
            self.sync()
        for slice_ in sorted(self._held):
            self._finish_inline(slice_, self._held.pop(slice_))

    def _finish_inline(self, slice_: int, held: _Held) -> None:
        self._files += 1
        name = self._database.files.inline_folder / inline_name(self._transaction, self._files - 1)
        writer = ExtentWriter(name, held.columns, inline=True)
        for group in held.groups:
            self._write(slice_, writer, group)
        self._finished.append((slice_, writer.finish()))

    def sync(self) -> None:
        """Make the names durable of all files there are."""
        if self._database.durable:
            for folder in self._folders:
                sync_folder(folder)
            self._database.files.sync_once(self._folders)
        reach("load.synced")

    def remove(self) -> None:
        """Remove every file, once nobody writes any more."""
        for writer in self._open.values():
            writer.abort()
        self._database.discard([summary.path for _, summary in self._finished if summary.data is None])
        self._open, self._finished, self._held = {}, [], {}

    # -- what the commit must know -----------------------------------------------------------------

    def references(self) -> tuple[ExtentRef, ...]:
        return tuple(self._reference(slice_, summary) for slice_, summary in self._finished)

    def _reference(self, slice_: int, summary: ExtentSummary) -> ExtentRef:
        database, inline = self._database, summary.data is not None
        path = os.path.relpath(summary.path, database.files.inline_folder if inline else database.data_folder())
        return ExtentRef(0, path, slice_, summary.rows, summary.bytes, summary.row_groups, summary.data)

    def sketches(self) -> dict[int, ColumnSketch]:
        """Of all rows, by Column.id."""
        merged: dict[int, ColumnSketch] = {}
        for _, summary in self._finished:
            for column, sketch in summary.sketches.items():
                merged[column] = merged[column].merge(sketch) if column in merged else sketch
        return merged

    def most_used_encoding(self, column: Column) -> str:
        return by_code(self._encodings[column.id].most_common(1)[0][0]).name
