"""Whether this process was forked since something was made: `count` tells one process from the next.

A forked process inherits open files, and with them SQLite's connections and locks, which stay the other one's: whoever
writes through them damages what both see (sqlite.org, "How to corrupt": a connection carried across a fork). It
inherits pools without their threads, too. So what is open counts as the other process's from then on
(`Database.is_inherited`), a database that was open cannot be opened in the forked process, and pools begin anew.
"""
from __future__ import annotations

import os

count = 0


def _forked() -> None:
    global count
    count += 1


os.register_at_fork(after_in_child=_forked)
