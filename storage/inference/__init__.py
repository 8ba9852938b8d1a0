"""What is in a file that nobody has described: its format, its columns and the COPY clauses that read it.

    found = infer(objects, "s3://b/orders.csv.gz")         files.py
    found.format, found.columns                            'csv', (Found("id", INTEGER), Found("day", DATE) ...)
    found.clauses()                                        "csv gzip ignoreheader 1"

Names' ends say the format (names.py); Parquet and ORC know their types; of text a sample is read and each column
gets the narrowest type that all of its values have (texts.py). `warehouse-sql load` and the crawler go by it.
"""
