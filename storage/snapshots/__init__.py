"""Snapshots: a database as it was, kept inside its own folder.

    dw/snapshots/monday/snapshot.json       what it is, all files and their sizes; written last     manifest.py
    dw/snapshots/monday/catalog.snapshot    the catalogue as of one commit                          create.py
    dw/snapshots/monday/data/...            its extents: hard links to those of dw/data

Extents never change, so a snapshot is links and a small SQLite file, and costs what the database has dropped since.
It is made beside running sessions and processes: the catalogue is copied while no process commits, and the commit is
pinned until all links are there. storage/staging.py makes it appear whole or not at all.

    places.py     where snapshots are: folders and object stores       source.py    one of them, to read from
    restore.py    a snapshot as a new database folder; a copy in another folder
    upload.py     a copy in an object store
    streaming.py  a database whose extents are still with the snapshot       filling.py    bringing them in
    tables.py     one table of a snapshot as a new table of the living database
    reading.py    one that is read in place, as of its commit
    schedule.py   automatic snapshots and how long they are kept

The file's name is not catalog.sqlite, so nobody can open a snapshot for writing by mistake. Query history stays out.
Links share bytes with the database: against a failing disk, copy the snapshot elsewhere.
"""
