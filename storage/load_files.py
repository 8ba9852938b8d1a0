"""The extent files of one load: opened, filled and closed slice by slice; removed if it comes to nothing.

    data/<table>/<slice>/<transaction>-<number>.ext        slice "all": the one copy of replicated rows

A slice has one file open at a time; several threads may write, each slice's files one after the other. Which
row groups go where, and whether a run has a file of its own because it is sorted, is the writer's business
(run_writer.py).
"""
from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .catalog.folder import sync_folder
from .database import Database
from .encodings.registry import by_code
from .extent import EncodedGroup, ExtentSummary, ExtentWriter
from .failpoints import reach
from .placement import REPLICATED
from .schema import Column, ExtentRef
from .statistics import ColumnSketch

ALL_FOLDER = "all"


class LoadFiles:
    """For any thread."""

    def __init__(self, database: Database, table_id: int, sample: int | None = None) -> None:
        """`sample`: of how many rows of each slice `most_used_encoding` counts the encodings (None: all)."""
        self._sample = sample
        self._sampled: Counter[int] = Counter()  # rows, by slice
        self._database = database
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
                self.close(slice_)
            for group in groups:
                self._append(slice_, group, columns)

    def _append(self, slice_: int, group: EncodedGroup, columns: Sequence[Column]) -> None:
        writer = self._open.get(slice_)
        if writer is not None and writer.full:
            self.close(slice_)
            writer = None
        if writer is None:
            writer = self._open[slice_] = ExtentWriter(self.new_path(slice_), columns)
        writer.append_group(group)
        with self._lock:
            if self._sample is not None and self._sampled[slice_] >= self._sample:
                return
            self._sampled[slice_] += group.rows
            for column, block in zip(columns, group.blocks):
                self._encodings.setdefault(column.id, Counter())[block.encoding] += group.rows

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
        for slice_ in list(self._open):
            self.close(slice_)
        if self._finished:
            self.sync()

    def sync(self) -> None:
        """Make the names durable of all files there are."""
        if self._database.durable:
            for folder in self._folders:
                sync_folder(folder)
            self._database.sync_once(self._folders)
        reach("load.synced")

    def remove(self) -> None:
        """Remove every file, once nobody writes any more."""
        for writer in self._open.values():
            writer.abort()
        for _, summary in self._finished:
            summary.path.unlink(missing_ok=True)
        self._open, self._finished = {}, []

    # -- what the commit must know -----------------------------------------------------------------

    def references(self) -> tuple[ExtentRef, ...]:
        return tuple(self._reference(slice_, summary) for slice_, summary in self._finished)

    def _reference(self, slice_: int, summary: ExtentSummary) -> ExtentRef:
        path = os.path.relpath(summary.path, self._database.data_folder())
        return ExtentRef(0, path, slice_, summary.rows, summary.bytes, summary.row_groups)

    def sketches(self) -> dict[int, ColumnSketch]:
        """Of all rows, by Column.id."""
        merged: dict[int, ColumnSketch] = {}
        for _, summary in self._finished:
            for column, sketch in summary.sketches.items():
                merged[column] = merged[column].merge(sketch) if column in merged else sketch
        return merged

    def most_used_encoding(self, column: Column) -> str:
        return by_code(self._encodings[column.id].most_common(1)[0][0]).name
