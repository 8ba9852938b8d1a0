"""From a syntax tree to a plan: the one place where handlers meet the binder and the optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def bind(tree: Any, context: Any) -> Any:
    raise NotImplementedError


def bind_text(text: str, context: Any) -> Any:
    raise NotImplementedError


def bind_expression(node: Any, context: Any) -> Any:
    raise NotImplementedError


def bind_expression_text(text: str, context: Any) -> Any:
    raise NotImplementedError


def plan(tree: Any, context: Any) -> Any:
    raise NotImplementedError


def plan_for_columns(tree: Any, columns: Callable[[int], tuple[str, ...]], context: Any) -> Any:
    raise NotImplementedError
