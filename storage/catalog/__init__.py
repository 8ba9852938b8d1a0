"""The catalogue: what exists and what is committed, in SQLite and, for readers, in memory.

    delta.py     Delta: what one commit changes          state.py     the catalogue as of one commit
    view.py      SnapshotView: what planner and scans see store.py     SQLite: the commit itself
    folder.py    the database folder and who holds it     garbage.py   pins, files that may go
    history.py   query history                            codec.py, sketches.py   values as JSON, bytes

storage/database.py puts them together; use it and `Delta`, not the parts.
"""
