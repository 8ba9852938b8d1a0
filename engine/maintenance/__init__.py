"""Upkeep of tables as users and the background worker run it: what is done, recorded for the system tables.

    vacuums.py    a table's vacuum, one run of storage/maintenance/
"""
