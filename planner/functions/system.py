"""Functions about the session: they are constants of the statement."""
from __future__ import annotations

from ...storage.types import varchar
from ..expressions import Expr, Literal
from .signature import Build, Signature, Site

NAME = varchar(128)
# What drivers and tools read to recognise Redshift.
VERSION = (
    "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), "
    "Redshift 1.0.48805"
)


def _user(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Literal(site.context.user, NAME, -1, site.span)


def _database(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Literal(site.context.database, NAME, -1, site.span)


def _schema(site: Site, args: tuple[Expr, ...]) -> Expr:
    """The first schema of the search path that is there."""
    return Literal(site.context.current_schema, NAME, -1, site.span)


def _version(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Literal(VERSION, varchar(256), -1, site.span)


def _constant(names: tuple[str, ...], make: Build) -> Signature:
    return Signature(names, names[0], (), NAME, volatility="stable", build=make)


FUNCTIONS: tuple[Signature, ...] = (
    _constant(("current_user", "user", "session_user"), _user),
    _constant(("current_database",), _database),
    _constant(("current_schema",), _schema),
    _constant(("version",), _version),
)
