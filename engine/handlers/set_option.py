"""SET and RESET: change a setting for the rest of the session."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import OperationalError
from ...planner.statements import SetOption
from ..context import Context
from ..result import Result
from ..settings import canonical
from ..workload.parameters import PARAMETERS


def run(statement: SetOption, context: Context) -> Result:
    if canonical(statement.name) in PARAMETERS:
        raise OperationalError(f'parameter "{canonical(statement.name)}" cannot be changed in a session',
                               hint="Use ALTER SYSTEM SET.", sqlstate="55P02")
    settings = context.session.settings
    tag = "RESET" if statement.value is None else "SET"
    if statement.local and not context.session.block.is_open:
        # Valid until the transaction ends, which is now: check the value, keep nothing.
        settings.copy().set(statement.name, statement.value)
        context.notice("WARNING", "SET LOCAL can only be used in transaction blocks")
    elif statement.local:
        before = settings.get(canonical(statement.name))
        settings.set(statement.name, statement.value)
        context.session.identity.until_end(lambda: settings.set(statement.name, before))
    elif statement.name.lower() == "all" and statement.value is None:
        settings.reset_all()
    else:
        settings.set(statement.name, statement.value)
    if canonical(statement.name) in ("seed", "all"):
        context.session.draw = _seeds(settings["seed"])
    return Result(tag, notices=context.notices)


def _seeds(seed: str) -> Callable[[], int] | None:
    """What RANDOM begins with, call by call: the same after every SET SEED TO the same value (r_SET)."""
    if not seed:
        return None
    from random import Random

    numbers = Random(int(float(seed) * (2**31 - 1)))
    return lambda: numbers.randrange(1 << 31)
