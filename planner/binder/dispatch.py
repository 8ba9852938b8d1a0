"""Which function binds which class of syntax node: a table that the modules of this package fill.

    @binds(exp.Add)
    def _add(e: ExpressionBinder, node: exp.Add) -> Expr: ...
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..expressions import Expr
    from .expressions import ExpressionBinder

Handler = Callable[["ExpressionBinder", Any], "Expr"]
HANDLERS: dict[type, Handler] = {}


def binds(*classes: type) -> Callable[[Handler], Handler]:
    """Register a handler for syntax classes."""

    def register(handler: Handler) -> Handler:
        for cls in classes:
            HANDLERS[cls] = handler
        return handler

    return register
