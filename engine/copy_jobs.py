"""COPY JOBs: a COPY that is run again for each new file below its prefix. What is kept of them, as facts:

    ("copy job", "relation:100001|nightly")              the COPY's text, its owner, whether it runs by itself
    ("copy job files", "relation:100001|17|0000000000042")   what one run did with which files

Both go when the table is dropped. A run's fact is part of the commit that shows its rows, so a file is loaded once,
whoever is killed when. A file is known by its name. Which files there were before the job is kept like a run: they
are never loaded. Who runs jobs: handlers/copy_job.py, by hand or for the background worker (maintenance/worker.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..errors import UndefinedObject
from ..planner.statements import Copy, CreateCopyJob, RelationName
from ..records import dataclass
from ..storage.access.facts import Fact, Facts, of_relation
from ..storage.formats import SourceFile
from ..storage.formats.listing import list_files
from ..storage.objects.registry import Objects

JOBS, FILES = "copy job", "copy job files"
EVENT = "copy job"  # in the history: messages
INGESTED, FAILED, BEFORE = "I", "E", "-"


@dataclass(frozen=True, slots=True)
class Job:
    """`table`: the id of its table, `schema` and `name_of_table` how it is found."""

    id: int
    name: str
    owner: str
    text: str
    auto: bool
    table: int
    schema: str
    name_of_table: str

    def fact(self, *, new: bool = False) -> Fact:
        value = {
            "id": self.id, "owner": self.owner, "text": self.text, "auto": self.auto, "schema": self.schema,
            "table": self.name_of_table,
        }  # fmt: skip
        return Fact(JOBS, of_relation(self.table) + self.name, value, new)

    def removal(self, facts: Facts) -> tuple[Fact, ...]:
        """Facts that take away the job and what is known of its files."""
        files = [key for key, _ in facts.of(FILES) if key.startswith(self._files_key)]
        return (Fact(JOBS, of_relation(self.table) + self.name), *(Fact(FILES, key) for key in files))

    @property
    def _files_key(self) -> str:
        return f"{of_relation(self.table)}{self.id}|"

    def copy(self) -> Copy:
        """The job's statement."""
        from ..planner.parse import parse_statement

        found = parse_statement(self.text)
        assert isinstance(found, Copy)
        return replace(found, table=RelationName(self.schema, self.name_of_table))

    def run_fact(self, number: int, files: Iterable[tuple[SourceFile, str]]) -> Fact:
        """What a load did with files: INGESTED, FAILED, or that they were there BEFORE. `number` ascends."""
        now = int(datetime.now(UTC).timestamp() * 1_000_000)
        rows = [[f.path, f.bytes, f.etag, f.modified, status, now] for f, status in files]
        return Fact(FILES, f"{self._files_key}{number:020}", {"files": rows}, new=True)

    def files(self, facts: Facts) -> dict[str, list[Any]]:
        """The last entry of each known file, by name."""
        runs = sorted((key, value) for key, value in facts.of(FILES) if key.startswith(self._files_key))
        return {row[0]: row for _, value in runs for row in value["files"]}

    def new_files(self, facts: Facts, objects: Objects, again: bool = False) -> tuple[SourceFile, ...]:
        """What is there and not loaded; `again`: those that failed, too."""
        known = self.files(facts)
        return tuple(
            file
            for file in listed(self.copy().source, objects)
            if file.path not in known or (again and known[file.path][4] == FAILED)
        )


def listed(source: str, objects: Objects) -> tuple[SourceFile, ...]:
    """The files below a prefix, perhaps none."""
    from ..errors import FileMissing

    try:
        return list_files(source, objects)
    except FileMissing:
        return ()


def jobs(facts: Facts) -> Iterator[Job]:
    """All jobs."""
    for key, value in facts.of(JOBS):
        relation, _, name = key.partition("|")
        table = int(relation.removeprefix("relation:"))
        where = (table, value["schema"], value["table"])
        yield Job(value["id"], name, value["owner"], value["text"], value["auto"], *where)


def job(facts: Facts, name: str) -> Job:
    """UndefinedObject where there is none of that name."""
    for found in jobs(facts):
        if found.name == name:
            return found
    raise UndefinedObject(f'COPY JOB "{name}" does not exist')


def created(statement: CreateCopyJob, id: int, owner: str, table: Any) -> Job:
    return Job(id, statement.name, owner, statement.text, statement.auto, table.id, table.schema, table.name)
