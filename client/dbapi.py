"""PEP 249: `connect` and `Connection`, over an engine session in this process.

    connection = warehouse.connect("dw", nodes=2, slices_per_node=2)
    with connection.cursor() as cursor:
        cursor.execute("select * from t where a = %s", (1,))
        for row in cursor: ...

As PEP 249 wants it, the first statement begins a transaction, which commit() makes true and rollback()
forgets; with autocommit=True each statement is a transaction of its own unless BEGIN opens a block. A `with`
block over a connection closes it at its end, as redshift_connector's does, and what was not committed is forgotten.
Cursors are in cursor.py, parameters in parameters.py, values in rows.py, Arrow in arrow.py.
"""

from __future__ import annotations

import difflib
import inspect
import os
from typing import TYPE_CHECKING, Any

from .. import errors
from ..engine.open_session import open_session
from ..engine.session import Session
from ..storage.objects.options import StoreOptions
from . import parameters as styles
from .cursor import Cursor
from .options import NO_MEANING

if TYPE_CHECKING:
    from ..engine.context import Progress
    from .crawling import Change
    from .dbtypes import Description
    from .snapshots import Snapshots
    from .workgroups import Workgroups


def connect(database: str | os.PathLike[str] = ":memory:", **options: Any) -> Connection:
    """Open (or create) the database folder `database`; ":memory:" is a private one that is forgotten.

    nodes, slices_per_node   topology of a new database; on an existing one they must match
    node_type                Redshift's name instead of slices_per_node ("ra3.4xlarge": 4 slices)
    create                   False: a missing folder is an error
    read_only                True: never write
    as_of                    the name of a snapshot: the database as it was then, read-only
    threads                  worker threads (default: the CPUs this process may use)
    memory_limit             bytes, or text such as "2GB", that one statement may hold
    paramstyle               "format", "pyformat", "qmark", "numeric" or "named" (default: `warehouse.paramstyle`)
    compatibility            "redshift" (default) refuses what Redshift refuses; "extended" runs it
    user                     the session's user
    autocommit               False (default): nothing is kept before commit(); True: each statement is kept
    maintenance              True (default): the background worker vacuums and analyzes a folder's tables in quiet times
    numeric_to_float         True: rows have floats for NUMERIC values, not Decimal (default: False)
    application_name         the parameter of that name
    timezone                 the session's time zone, as SET timezone takes it (default: UTC, or what ALTER USER set)
    s3_root                  a folder in which s3://bucket/key is the file bucket/key (default: WAREHOUSE_S3_ROOT)
    s3_endpoint_url          an S3 server other than AWS's (default: AWS_ENDPOINT_URL_S3)
    s3_region                the region of buckets where a statement says none (default: AWS_REGION, AWS's files)
    wlm_json_configuration   workload management: Redshift's JSON, or the path of a file with it

    redshift_connector's other arguments (host, password, iam ...) are taken and have no meaning: client/options.py.
    """
    known = inspect.signature(_open).parameters
    options = {name: value for name, value in options.items() if name not in NO_MEANING}
    for name in options:
        if name not in known or name == "database":
            near = difflib.get_close_matches(name, known, n=1)
            raise errors.InterfaceError(
                f"connect() has no option {name!r}", hint=f"Did you mean {near[0]!r}?" if near else None
            )
    try:
        return _open(_path(database), **options)
    except OSError as error:
        from ..engine.failures import translate

        raise translate(error) from error


def _path(database: object) -> str:
    path = os.fspath(database) if isinstance(database, os.PathLike) else database
    if not isinstance(path, str):
        raise errors.InterfaceError(
            f"connect() takes the path of a database folder as a str or a path object, not {type(database).__name__}",
            hint='":memory:" is a database that is forgotten at the end.',
        )
    if "\0" in path:
        raise errors.InterfaceError("the path of a database folder has a null character")
    return path


def _open(
    database: str,
    *,
    nodes: int | None = None,
    slices_per_node: int | None = None,
    node_type: str | None = None,
    create: bool = True,
    read_only: bool = False,
    as_of: str | None = None,
    threads: int | None = None,
    memory_limit: int | str | None = None,
    paramstyle: str | None = None,
    compatibility: str = "redshift",
    user: str = "dev",
    autocommit: bool = False,
    numeric_to_float: bool = False,
    maintenance: bool = True,
    application_name: str | None = None,
    timezone: str | None = None,
    s3_root: str | os.PathLike[str] | None = None,
    s3_endpoint_url: str | None = None,
    s3_region: str | None = None,
    wlm_json_configuration: str | os.PathLike[str] | None = None,
) -> Connection:
    paramstyle = _known_paramstyle(paramstyle)
    if as_of is not None:
        from ..storage.snapshots.reading import path_of

        database, read_only = os.fspath(path_of(database, as_of)), True
    session = open_session(
        database,
        nodes=nodes,
        slices_per_node=slices_per_node,
        node_type=node_type,
        create=create,
        read_only=read_only,
        threads=threads,
        memory_limit=memory_limit,
        compatibility=compatibility,
        user=user,
        maintenance=maintenance,
        wlm_json_configuration=None if wlm_json_configuration is None else os.fspath(wlm_json_configuration),
    )
    session.stores = StoreOptions(None if s3_root is None else os.fspath(s3_root), s3_endpoint_url, s3_region)
    if session.database.files.arrivals is not None:
        session.database.files.arrivals.reach_by(session.stores)
    session.block.autocommit = autocommit
    try:
        for name, value in (("application_name", application_name), ("timezone", timezone)):
            if value is not None:
                session.settings.set(name, value)
    except BaseException:
        session.close()
        raise
    return Connection(session, paramstyle, numeric_to_float)


def _known_paramstyle(asked: str | None) -> str:
    """The style to use, where None is asked the module's."""
    style = _module_paramstyle() if asked is None else asked
    if style not in styles.STYLES:
        raise errors.InterfaceError(f"unknown paramstyle {style!r}; it is one of {', '.join(styles.STYLES)}")
    return style


def _module_paramstyle() -> str:
    """`warehouse.paramstyle`, which redshift_connector's users set to change the style of all connections."""
    from .. import paramstyle

    return paramstyle


class Connection:
    """One session. Use it from one thread at a time; cancel() may come from any."""

    Warning = errors.Warning
    Error = errors.Error
    InterfaceError = errors.InterfaceError
    DatabaseError = errors.DatabaseError
    DataError = errors.DataError
    OperationalError = errors.OperationalError
    IntegrityError = errors.IntegrityError
    InternalError = errors.InternalError
    ProgrammingError = errors.ProgrammingError
    NotSupportedError = errors.NotSupportedError

    def __init__(self, session: Session, paramstyle: str, numeric_to_float: bool = False) -> None:
        self._session: Session | None = session
        self.paramstyle = paramstyle
        self.numeric_to_float = numeric_to_float
        self.description: list[Description] | None = None  # of what run() has run last

    @property
    def session(self) -> Session:
        """The engine's session; InterfaceError after close()."""
        if self._session is None:
            raise errors.InterfaceError("the connection is closed", sqlstate="08003")
        return self._session

    @property
    def closed(self) -> bool:
        return self._session is None

    @property
    def autocommit(self) -> bool:
        """Whether each statement is a transaction of its own; cannot be changed inside a transaction."""
        return self.session.block.autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        block = self.session.block
        if block.is_open and value != block.autocommit:
            raise errors.ProgrammingError(
                "autocommit cannot be changed inside a transaction", hint="commit() or rollback() first.",
                sqlstate="25001",
            )
        block.autocommit = value

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open that commit() or rollback() would end."""
        return self.session.block.is_open

    @property
    def is_single_database_metadata(self) -> bool:
        """A folder is one database: its catalogue tells of no other."""
        return True

    @property
    def notices(self) -> list[str]:
        """The latest notices (INFO, NOTICE, WARNING), oldest first."""
        return [str(notice) for notice in self.session.notices]

    @property
    def progress(self) -> Progress | None:
        """How far the running statement is, None when none runs; for other threads to read."""
        return self._session.progress if self._session is not None else None

    def cursor(self) -> Cursor:
        self.session  # noqa: B018 - raises when closed
        return Cursor(self)

    def execute(self, operation: str, parameters: Any = None) -> Cursor:
        """A new cursor that has executed `operation`."""
        return Cursor(self).execute(operation, parameters)

    def run(self, sql: str, **parameters: Any) -> tuple[tuple[Any, ...], ...]:
        """All rows of a statement (redshift_connector's short form); `parameters` by name."""
        cursor = self.cursor()
        if parameters:
            cursor.paramstyle = "named"
        cursor.execute(sql, parameters or None)
        self.description = cursor.description
        return tuple(cursor.fetchall()) if cursor.description else ()

    def commit(self) -> None:
        """Make the transaction's changes true, durably. One that had failed is rolled back, and an error says so."""
        if not self.session.commit():
            raise errors.OperationalError(
                "the transaction had failed: it was rolled back instead of committed", sqlstate="25P02"
            )

    def rollback(self) -> None:
        """Forget the transaction's changes."""
        self.session.rollback()

    def _no_two_phases(self, *arguments: Any) -> Any:
        """PEP 249's optional methods for transactions over several databases."""
        raise errors.NotSupportedError("two-phase commit is not supported: there is no PREPARE TRANSACTION")

    xid = tpc_begin = tpc_prepare = tpc_commit = tpc_rollback = tpc_recover = _no_two_phases

    def cancel(self) -> None:
        """Stop what runs on this connection, from any thread; it ends with QueryCanceled (57014)."""
        self.session.cancel()

    def write_arrow(self, table: str, data: Any, create: bool = True) -> int:
        """Append Arrow data (anything with `__arrow_c_stream__`) to `table`; the number of rows.

        Columns go by name. A missing table is created, its types taken from the data, unless `create`
        is False. All rows become visible at once, or none.
        """
        from .arrow import write_arrow

        return write_arrow(self.session, table, data, create)

    def crawl(self, prefix: str, schema: str = "lake", *, conflicts: str = "cast") -> list[Change]:
        """Make or renew external tables in `schema` for the files below `prefix`, by their look; what was done about
        each table. `conflicts`: columns of two types become the wider one ("cast"), or are no table ("refuse")."""
        from .crawling import crawl

        return crawl(self, prefix, schema, conflicts=conflicts)

    def resize(
        self, folder: str | os.PathLike[str], *, nodes: int | None = None, slices_per_node: int | None = None,
        node_type: str | None = None,
    ) -> None:
        """Classic resize: the whole database into `folder`, which must be new or empty, with other nodes or slices.

        This one serves reads meanwhile, other threads' on this connection, too; writers wait. What is not given stays
        as it is.
        """
        from .resizing import resize

        resize(self.session, folder, nodes, slices_per_node, node_type)

    def elastic_resize(self, nodes: int, node_type: str | None = None) -> None:
        """Elastic resize, in place: the same slices on another number of nodes, one of `elastic_resize_options`."""
        from .resizing import elastic_resize

        elastic_resize(self.session, nodes, node_type)

    def elastic_resize_options(self, node_type: str | None = None) -> list[tuple[int, int]]:
        """(nodes, slices per node) that an elastic resize can go to; `node_type`: only those that Redshift allows."""
        from .resizing import elastic_resize_options

        return elastic_resize_options(self.session, node_type)

    @property
    def snapshots(self) -> Snapshots:
        """Snapshots of the database: create, list, restore, delete and schedule them."""
        from .snapshots import Snapshots

        return Snapshots(self)

    @property
    def workgroups(self) -> Workgroups:
        """Athena's workgroups: create, list, delete them, and what ran in them."""
        from .workgroups import Workgroups

        return Workgroups(self)

    def close(self) -> None:
        """Stop what runs, forget what is not committed and release the database; closing twice is fine."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def __enter__(self) -> Connection:
        self.session  # noqa: B018 - raises when closed
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._session is None:
            return "<warehouse.Connection closed>"
        return f"<warehouse.Connection to {self._session.database_name!r}>"
