"""What each statement does: one module per family, found by the statement's class.

A handler is `run(statement, context) -> Result`. It reads through `context.view`, changes things only
by one `context.session.commit_delta(...)`, and leaves nothing behind when it fails. Modules are
imported when their first statement comes, so that opening a session stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from ...planner import statements as s
from ..context import Context
from ..result import Result

Handler = Callable[[Any, Context], Result]

MODULES: dict[type, str] = {
    s.Select: "select",
    s.QueryText: "select",
    s.Explain: "explain",
    s.CreateTable: "create_table",
    s.CreateTableAs: "create_table_as",
    s.CreateView: "create_view",
    s.CreateSchema: "create_schema",
    s.Drop: "drop",
    s.Insert: "insert",
    s.Delete: "delete",
    s.Update: "update",
    s.Merge: "merge",
    s.Copy: "copy",
    s.Unload: "unload",
    s.CopyJob: "copy_job",
    s.CreateCopyJob: "copy_job",
    s.Analyze: "analyze",
    s.AnalyzeCompression: "analyze_compression",
    s.Vacuum: "vacuum",
    s.SetOption: "set_option",
    s.Show: "show",
    s.AlterSystem: "alter_system",
    s.Transaction: "transaction",
    s.Truncate: "truncate",
    s.CancelQuery: "cancel",
    s.Lock: "lock",
    s.AlterDatabase: "alter_database",
    s.AlterTable: "alter_table",
    s.AddColumn: "alter_columns",
    s.AddConstraint: "alter_constraints",
    s.DropConstraint: "alter_constraints",
    s.AlterDesign: "alter_design",
    s.AppendTable: "append",
    s.Prepare: "prepare",
    s.Execute: "prepare",
    s.Deallocate: "prepare",
    s.CreateUser: "principals",
    s.AlterUser: "principals",
    s.CreateGroup: "principals",
    s.AlterGroup: "principals",
    s.CreateRole: "principals",
    s.AlterRole: "principals",
    s.DropPrincipal: "principals",
    s.Grant: "grant",
    s.GrantRole: "grant",
    s.DefaultPrivileges: "grant",
    s.SetUser: "set_user",
    s.AlterSchema: "alter_schema",
    s.Comment: "comment",
    s.ShowObjects: "show_objects",
    s.DeclareCursor: "cursors",
    s.Fetch: "cursors",
    s.CloseCursor: "cursors",
    s.CreateFunction: "functions",
    s.DropFunction: "functions",
    s.CreateExternalSchema: "external_schema",
    s.CreateExternalTable: "external_table",
    s.AlterExternalTable: "alter_external",
    s.RepairTable: "alter_external",
}


def handler_for(statement: s.Statement) -> Handler:
    """The `run` of the statement's module."""
    module = _loaded.get(type(statement))
    if module is None:
        module = _loaded[type(statement)] = import_module(f".{MODULES[type(statement)]}", __name__)
    handler: Handler = module.run
    return handler


_loaded: dict[type, ModuleType] = {}
