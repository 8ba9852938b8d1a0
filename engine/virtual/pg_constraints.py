"""pg_constraint, pg_index, pg_description, pg_depend and their like: what belongs to relations and to each other.

Redshift has no indexes; a primary key or UNIQUE constraint is listed as one (pg_indexes), as clients expect.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.access.privileges import DATABASE_OBJECT, schema_object
from ...storage.schema import Table, View
from ..context import Context
from ..handlers.dependencies import relations_in
from . import ids
from .columns import table
from .constraints import NamedConstraint, constraints_of
from .definitions import constraint_definition, index_definition
from .relations import columns_of, namespace_id

PG = "pg_catalog"
Rows = Iterator[tuple[Any, ...]]


def _tables(context: Context) -> Iterator[tuple[Table, NamedConstraint]]:
    for r in context.view.relations():
        if isinstance(r, Table):
            for c in constraints_of(r):
                yield r, c


def _numbers(relation: Table, columns: tuple[str, ...]) -> list[int]:
    ids_by_name = {c.name: c.id for c in relation.columns}
    return [ids_by_name[name] for name in columns if name in ids_by_name]


def _array(numbers: list[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _pg_constraint(context: Context) -> Rows:
    for r, c in _tables(context):
        target, numbers = 0, None
        if c.references is not None:
            schema, name, columns = c.references
            other = context.view.relation(schema, name)
            if isinstance(other, Table):
                target, numbers = other.id, _array(_numbers(other, columns))
        index = ids.index_id(r.id, c.number) if c.references is None else 0
        action = "a" if target else " "
        yield (
            ids.constraint_id(r.id, c.number), c.name, namespace_id(r.schema), c.letter, False, False, r.id, 0, target,
            action, action, "u" if target else " ", _array(_numbers(r, c.columns)), numbers, None,
            constraint_definition(c), index, True, 0, True, 0, True,
        )  # fmt: skip


def _pg_index(context: Context) -> Rows:
    for r, c in _tables(context):
        if c.references is None:
            numbers = _numbers(r, c.columns)
            yield (
                ids.index_id(r.id, c.number), r.id, " ".join(map(str, numbers)), " ".join("0" for _ in numbers),
                len(numbers), len(numbers), True, c.kind == "primary key", False, True, False, True, None, None, None,
            )  # fmt: skip


def _pg_indexes(context: Context) -> Rows:
    for r, c in _tables(context):
        if c.references is None:
            yield r.schema, r.name, c.name, None, index_definition(r, c)


def _pg_description(context: Context) -> Rows:
    directory = context.view.facts.directory
    for key, text in directory.comments.items():
        if key.startswith("relation:"):
            head, _, part = key.partition("|")
            id = int(head.partition(":")[2])
            relation = next((r for r in context.view.relations() if r.id == id), None)
            if relation is not None and part.startswith("c"):
                number = next((c.number for c in constraints_of(relation) if c.name == part[1:]), None)
                if number is not None:
                    yield ids.constraint_id(id, number), ids.CATALOGUES["pg_constraint"], 0, text
            elif relation is not None:
                yield id, ids.CATALOGUES["pg_class"], int(part or 0), text
        elif key == DATABASE_OBJECT:
            yield 100, ids.CATALOGUES["pg_database"], 0, text
        else:
            for schema in context.view.schemas():
                if schema_object(schema) == key:
                    yield namespace_id(schema), ids.CATALOGUES["pg_namespace"], 0, text


def _rule_id(view: View) -> int:
    """The rule that makes a view of a relation."""
    return view.id + 500_000_000


def _pg_rewrite(context: Context) -> Rows:
    for r in context.view.relations():
        if isinstance(r, View):
            yield _rule_id(r), "_RETURN", r.id, -1, "1", True, None, None


def _pg_depend(context: Context) -> Rows:
    """A view's rule depends on each relation that the view reads; a relation on its schema."""
    classes = ids.CATALOGUES
    for r in context.view.relations():
        yield classes["pg_class"], r.id, 0, classes["pg_namespace"], namespace_id(r.schema), 0, "n"
        if isinstance(r, View):
            yield classes["pg_rewrite"], _rule_id(r), 0, classes["pg_class"], r.id, 0, "i"
            for schema, name in sorted(relations_in(r.sql, r.exact_names), key=str):
                other = context.view.relation(schema, name)
                if other is None:
                    continue
                yield classes["pg_rewrite"], _rule_id(r), 0, classes["pg_class"], other.id, 0, "n"
                for c in columns_of(other, context):
                    yield classes["pg_rewrite"], _rule_id(r), 0, classes["pg_class"], other.id, c.number, "n"


def _pg_proc(context: Context) -> Rows:
    """Functions that users made; the built-in ones are not listed."""
    directory = context.view.facts.directory
    for f in directory.functions_by_key.values():
        arguments = " ".join(str(ids.type_id(t)) for t in f.arguments)
        yield (
            f.id, f.name, namespace_id(f.schema), directory.user_id(f.owner), 14, False, False, False, False,
            f.volatility[0], len(f.arguments), ids.type_id(f.returns), arguments, None, f.body, None, None, "f", False,
            None, None, 0, False, "u",
        )  # fmt: skip


def _pg_proc_info(context: Context) -> Rows:
    for row in _pg_proc(context):
        yield (*row[:5], 100.0, 0.0, *row[5:18], None, None)


TABLES = (
    table(PG, "pg_constraint",
          "oid:o conname:n connamespace:o contype:c condeferrable:b condeferred:b conrelid:o contypid:o confrelid:o "
          "confupdtype:c confdeltype:c confmatchtype:c conkey:a confkey:a conbin:t consrc:t conindid:o convalidated:b "
          "conparentid:o conislocal:b coninhcount:i connoinherit:b", _pg_constraint),
    table(PG, "pg_index",
          "indexrelid:o indrelid:o indkey:a indclass:a indnatts:s indnkeyatts:s indisunique:b indisprimary:b "
          "indisclustered:b indisvalid:b indisreplident:b indisready:b indexprs:t indpred:t indoption:a", _pg_index),
    table(PG, "pg_indexes", "schemaname:n tablename:n indexname:n tablespace:n indexdef:t", _pg_indexes),
    table(PG, "pg_description", "objoid:o classoid:o objsubid:i description:t", _pg_description),
    table(PG, "pg_shdescription", "objoid:o classoid:o description:t"),
    table(PG, "pg_rewrite", "oid:o rulename:n ev_class:o ev_attr:s ev_type:c is_instead:b ev_qual:t ev_action:t",
          _pg_rewrite),
    table(PG, "pg_rules", "schemaname:n tablename:n rulename:n definition:t"),
    table(PG, "pg_depend", "classid:o objid:o objsubid:i refclassid:o refobjid:o refobjsubid:i deptype:c", _pg_depend),
    table(PG, "pg_inherits", "inhrelid:o inhparent:o inhseqno:i inhdetachpending:b"),
    table(PG, "pg_trigger", "oid:o tgrelid:o tgname:n tgfoid:o tgtype:s tgenabled:c tgisinternal:b tgconstraint:o "
          "tgdeferrable:b tginitdeferred:b tgnargs:s tgparentid:o"),
    table(PG, "pg_policy", "oid:o polname:n polrelid:o polcmd:c polpermissive:b polroles:a polqual:t polwithcheck:t"),
    table(PG, "pg_statistic_ext", "oid:o stxrelid:o stxname:n stxnamespace:o stxkind:a stxkeys:a stxstattarget:i"),
    table(PG, "pg_publication", "oid:o pubname:n puballtables:b"),
    table(PG, "pg_publication_rel", "oid:o prpubid:o prrelid:o prqual:t prattrs:a"),
    table(PG, "pg_foreign_table", "ftrelid:o ftserver:o ftoptions:a"),
    table(PG, "pg_foreign_server", "oid:o srvname:n srvowner:o srvfdw:o"),
    table(PG, "pg_sequence", "seqrelid:o seqtypid:o seqstart:l seqincrement:l seqmax:l seqmin:l seqcache:l seqcycle:b"),
    table(PG, "pg_proc",
          "oid:o proname:n pronamespace:o proowner:o prolang:o proisagg:b prosecdef:b proisstrict:b proretset:b "
          "provolatile:c pronargs:s prorettype:o proargtypes:a proargnames:a prosrc:t probin:t proacl:a prokind:c "
          "proiswindow:b proallargtypes:a proargmodes:a prosupport:o proleakproof:b proparallel:c", _pg_proc),
    table(PG, "pg_proc_info",
          "prooid:o proname:n pronamespace:o proowner:o prolang:o procost:r prorows:r proisagg:b prosecdef:b "
          "proisstrict:b proretset:b provolatile:c pronargs:s prorettype:o proargtypes:a proargnames:a prosrc:t "
          "probin:t proacl:a prokind:c proallargtypes:a proargmodes:a", _pg_proc_info),
    table(PG, "pg_aggregate", "aggfnoid:o aggtransfn:o aggfinalfn:o aggtranstype:o agginitval:t"),
)  # fmt: skip
