"""Words of a key filter's state (keyfilter.py), and when it pauses."""
from __future__ import annotations

LOW, SPAN, BITS, OFF, PAUSE = range(5)
STATE_WORDS = 8
PASSED_LIMIT = 70  # per cent of a batch's rows
LONGEST_PAUSE = 31  # batches
