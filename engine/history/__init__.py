"""What a statement's plans did, for the query history.

    records.py    a statement's record, as far as it is known at its beginning
    profile.py    a plan that has run and its counters, as the statement leaves them (on its path: next to nothing)
    describe.py   a profile as JSON: what each step did on each slice, and when (off its path)
    shape.py      what all runs of a plan have in common: EXPLAIN's lines, the steps and their numbers
    alerts.py     what STL_ALERT_EVENT_LOG warns of

The session hands profiles to the database's history with the statement's record; the history describes them when it
writes its next batch (storage/catalog/history.py). System tables over them: engine/virtual/steps.py and plans.py.
"""

# Statements that STL_QUERY and its kin show; SET, SHOW and DDL are not queries (r_STL_QUERYTEXT.md).
QUERIES = frozenset(("Select", "Insert", "Update", "Delete", "Merge", "Copy", "Unload", "CreateTableAs", "Analyze",
                     "Execute"))
