"""Several processes on one database folder: how they keep out of each other's way.

    files.py       FileLock: flock on a descriptor of its own, which the kernel frees when a process dies
    numbers.py     counters that all processes draw from: ids of processes, sessions, relations, extents
    processes.py   run/process-<n>: who is there, and which snapshots each one needs
    reads.py       run/reads-<n>: what transactions have read, for the conflict graphs of other processes
    sessions.py    run/session-..., run/mail-...: who is connected, letters that cancel what they run
    shared.py      Shared: the above as storage/database.py uses it

What is *committed* is in catalog.sqlite alone (catalog/store.py). What is here is about live processes: it may
be lost with all of them, and is never trusted over the catalogue.
"""
