"""A thread that looks at a manager's queries every few milliseconds, while there are rules or timeouts to keep.

It ends when nothing has run for a while, and is made anew by the next statement. WLM on a cluster looks every ten
seconds; here a runaway is to be stopped within a fifth of one.
"""
from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .manager import Manager

INTERVAL = 0.02  # seconds
SHARE = 20  # times as long as a look took: among many queries it looks less often
IDLE = 5.0  # seconds without queries after which it ends
_log = logging.getLogger("warehouse.engine")


class Watcher(threading.Thread):
    def __init__(self, manager: Manager) -> None:
        super().__init__(name="warehouse-wlm", daemon=True)
        self._manager = weakref.ref(manager)

    def run(self) -> None:
        """Until there is nothing to look at."""
        quiet = took = 0.0
        while quiet < IDLE:
            time.sleep(max(INTERVAL, SHARE * took))
            manager = self._manager()
            if manager is None:
                return
            if not manager.tickets or not manager.watches:
                quiet += INTERVAL
                continue
            quiet = 0.0
            start = time.monotonic()
            try:
                manager.look()
            except Exception:
                _log.exception("workload management could not look at the running queries")
            took = time.monotonic() - start
