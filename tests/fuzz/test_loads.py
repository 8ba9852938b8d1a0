"""A sample of broken files; the long run is `make fuzz-load`. A failure names the label to replay:
PYTHONPATH=tests .venv/bin/python -m fuzz.loads --replay SEED:NUMBER"""

from __future__ import annotations

import os
from collections import Counter

from fuzz.loads import Lab, case

SEED = int(os.environ.get("FUZZ_SEED", "1"))
COUNT = 300
# What once went wrong: a Parquet file whose columns' metadata ends the process of whoever asks pyarrow for it.
REPLAYED = ((101, 2423),)


def test_broken_files() -> None:
    """No internal error, the table unchanged or loaded per MAXERROR; and every way to end occurs."""
    lab, outcomes = Lab(), Counter[str]()
    for number in range(COUNT):
        made = case(SEED, number)
        try:
            outcomes[lab.check(made, paths=number % 4 == 0)] += 1
        except Exception as error:
            raise AssertionError(f"--replay {SEED}:{number}\n    {made}") from error
    for seed, number in REPLAYED:
        lab.check(case(seed, number), paths=False)
    lab.close()
    assert min(outcomes[o] for o in ("loaded", "loaded in part", "RejectedRow", "LoadError", "FileError")) > 3
