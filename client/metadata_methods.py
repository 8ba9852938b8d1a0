"""The methods of cursors that say what there is, under redshift_connector's names and arguments.

Each returns all rows and leaves the result in the cursor, so that `description` is that of these rows. What they
answer is made in metadata.py (by queries) and metadata_shows.py (by SHOW).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from .cursor import Cursor


class MetadataMethods:
    """A part of Cursor."""

    def get_catalogs(self) -> tuple[tuple[Any, ...], ...]:
        return self._about("catalogs")

    def get_schemas(self, catalog: str | None = None, schema_pattern: str | None = None) -> tuple[Any, ...]:
        return self._about("schemas", catalog, schema_pattern)

    def get_tables(
        self, catalog: str | None = None, schema_pattern: str | None = None, table_name_pattern: str | None = None,
        types: Sequence[str] = (),
    ) -> tuple[tuple[Any, ...], ...]:
        return self._about("tables", catalog, schema_pattern, table_name_pattern, types)

    def get_columns(
        self, catalog: str | None = None, schema_pattern: str | None = None, tablename_pattern: str | None = None,
        columnname_pattern: str | None = None,
    ) -> tuple[tuple[Any, ...], ...]:
        return self._about("columns", catalog, schema_pattern, tablename_pattern, columnname_pattern)

    def get_primary_keys(
        self, catalog: str | None = None, schema: str | None = None, table: str | None = None
    ) -> tuple[tuple[Any, ...], ...]:
        return self._about("primary_keys", catalog, schema, table)

    def get_procedures(
        self, catalog: str | None = None, schema_pattern: str | None = None, procedure_name_pattern: str | None = None
    ) -> tuple[tuple[Any, ...], ...]:
        return self._about("procedures", catalog, schema_pattern, procedure_name_pattern)

    # keys, privileges, functions: client/metadata_shows.py

    def get_table_types(self) -> tuple[tuple[Any, ...], ...]:
        return self._shown("table_types")

    def get_imported_keys(
        self, catalog: str | None = None, schema: str | None = None, table: str | None = None
    ) -> tuple[tuple[Any, ...], ...]:
        return self._shown("imported_keys", catalog, schema, table)

    def get_exported_keys(
        self, catalog: str | None = None, schema: str | None = None, table: str | None = None
    ) -> tuple[tuple[Any, ...], ...]:
        return self._shown("exported_keys", catalog, schema, table)

    def get_best_row_identifier(
        self, catalog: str | None = None, schema: str | None = None, table: str | None = None,
        scope: int | None = None, nullable: bool | None = None,
    ) -> tuple[tuple[Any, ...], ...]:
        return self._shown("best_row_identifier", catalog, schema, table, scope, nullable)

    def get_column_privileges(
        self, catalog: str | None = None, schema: str | None = None, table: str | None = None,
        column_name_pattern: str | None = None,
    ) -> tuple[tuple[Any, ...], ...]:
        return self._shown("column_privileges", catalog, schema, table, column_name_pattern)

    def get_table_privileges(
        self, catalog: str | None = None, schema_pattern: str | None = None, table_name_pattern: str | None = None
    ) -> tuple[tuple[Any, ...], ...]:
        return self._shown("table_privileges", catalog, schema_pattern, table_name_pattern)

    def get_functions(
        self, catalog: str | None = None, schema_pattern: str | None = None, function_name_pattern: str | None = None
    ) -> tuple[tuple[Any, ...], ...]:
        return self._shown("functions", catalog, schema_pattern, function_name_pattern)

    def get_function_columns(
        self, catalog: str | None = None, schema_pattern: str | None = None, function_name_pattern: str | None = None,
        column_name_pattern: str | None = None,
    ) -> tuple[tuple[Any, ...], ...]:
        return self._shown("function_columns", catalog, schema_pattern, function_name_pattern, column_name_pattern)

    def get_procedure_columns(
        self, catalog: str | None = None, schema_pattern: str | None = None, procedure_name_pattern: str | None = None,
        column_name_pattern: str | None = None,
    ) -> tuple[tuple[Any, ...], ...]:
        return self._shown("procedure_columns", catalog, schema_pattern, procedure_name_pattern, column_name_pattern)

    def _shown(self, what: str, *arguments: Any) -> tuple[tuple[Any, ...], ...]:
        from ..engine.result import from_rows
        from . import metadata_shows

        cursor = cast("Cursor", self)
        cursor._forget()
        text, rows = getattr(metadata_shows, what)(cursor, *arguments)
        cursor._keep(from_rows("SELECT", metadata_shows.result_columns(text), rows))
        return tuple(cursor.fetchall())

    def _about(self, what: str, *arguments: Any) -> tuple[tuple[Any, ...], ...]:
        from . import metadata

        cursor = cast("Cursor", self)
        text, values = getattr(metadata, what)(*arguments)
        style, cursor._style = cursor._style, "format"
        try:
            cursor.execute(text.replace("%%", "%") if not values else text, values or None)
        finally:
            cursor._style = style
        return tuple(cursor.fetchall())
