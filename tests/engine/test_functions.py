"""Both sides of the function catalogue match: every key of planner/functions/ can be folded and compiled."""

from __future__ import annotations

from warehouse.engine.compile import arrow_calls, text
from warehouse.engine.compile.functions import EMITTERS
from warehouse.engine.functions import scalar
from warehouse.planner.functions import KEYS

ARITHMETIC = {"add", "subtract", "multiply", "divide", "modulo"}
FAMILIES = ("extract_", "date_trunc_")


def test_every_key_can_be_evaluated() -> None:
    assert {k for k in KEYS if k not in scalar.FUNCTIONS and k not in ARITHMETIC} == set()


def test_every_key_can_be_compiled() -> None:
    compiled = {*ARITHMETIC, *EMITTERS, *text.MAKERS, *arrow_calls.FUNCTIONS}
    assert {k for k in KEYS if k not in compiled and not k.startswith(FAMILIES)} == set()
