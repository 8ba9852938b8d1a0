"""External tables in statements: found by name, planned, scanned.

    tables.py       the external table a name means, and the data catalogue that has it
    formats.py      ROW FORMAT, STORED AS and SERDE of a CREATE as one of the formats we read; properties checked
    splits.py       which files, and which parts of them, a query must read: partitions and row groups pruned
    source.py       the scan's source: batches of Arrow arrays as blocks for the native driver
    snapshots.py    which snapshot of an Iceberg table AS OF means
    statistics.py   what the planner may know of the rows: numRows, footers of Parquet files
"""
