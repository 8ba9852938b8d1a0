"""Upkeep of tables as users and the background worker run it: what is done, recorded for the system tables.

    analyses.py   statistics made anew
    worker.py     the background worker
    vacuums.py    a table's vacuum, one run of storage/maintenance/
"""
