"""What a table design costs a workload, and which one would cost less: the advice of SVV_ALTER_TABLE_RECOMMENDATIONS
and of `warehouse-sql advise`, and the first half of the design harness (bench/design/).

    workload.py     queries with weights; what the history recorded
    designs.py      a table's design: distribution, sort key, encodings; as DDL and as ALTER statements
    whatif.py       the catalogue as it would be with other designs: the planner plans against it, nothing is loaded
    usage.py        which columns the plans join, filter, group and order by
    candidates.py   designs worth a look, and those that stated rules strike out
    samples.py      some rows of each table in memory
    encodings.py    bytes of each column in each encoding
    skipping.py     the zone maps that a sort key would give, from those rows
    cost.py         bytes and blocks to seconds on a cluster, by stated speeds
    estimate.py     one query in one design: bytes moved, blocks read
    search.py       the joint space: greedy with restarts
    recommend.py    all of it for a live database
    tips.py         the other advice: COPY, compression analysis, memory, capacity that stands idle

Nothing here is imported by a query's path.
"""
