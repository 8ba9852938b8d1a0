"""Rows in better places: what VACUUM, ALTER TABLE and the background worker do to a table's extents.

    regions.py    which extents are in order, which overlap, which are worn or small
    reindex.py    a new index of an interleaved sort key
    rewrite.py    the rows of some extents in new ones: sorted, without the deleted, in bounded memory
    row_map.py    where each old row is now; changes of transactions that knew the old places
    shared_moves.py   the same, for transactions of other processes
    swap.py       the commit that puts new extents in the places of old ones
    redesign.py   all rows of a table under another definition
    upkeep.py     what a database knows of all this
    vacuum.py     a table's vacuum: which extents, one step after the other
"""
