"""Bytes of each column in each encoding, of rows in the order that the recommended sort key gives them: of the
recommended variants, by engine/advisor/encodings.py."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...engine.advisor.designs import Design, shown
from ...engine.advisor.encodings import compare
from ...engine.result import Result
from ...storage.schema import Table
from .variants import SCHEMA, Variants, variant_name

if TYPE_CHECKING:
    from ...engine.context import Context
    from .progress import Progress


def of_design(variants: Variants, design: Design, progress: Progress) -> dict[str, dict[str, Any]]:
    """By table and column: {"now": its bytes, "chosen": encoding, "sizes": {encoding: bytes}, "best": encoding}."""
    found: dict[str, dict[str, Any]] = {}

    def look(context: Context) -> Result:
        for done, (name, chosen) in enumerate(design.items()):
            progress.step(done, len(design), f"encodings of {shown(name)}")
            table = context.view.relation(SCHEMA, variant_name(name, chosen))
            if isinstance(table, Table) and context.view.data(table).statistics.rows:
                found[shown(name)] = {column: sizes.to_json() for column, sizes in compare(table, context).items()}
        return Result("SHOW")

    variants.connection.session.perform("-- encodings", "Show", look)
    return found
