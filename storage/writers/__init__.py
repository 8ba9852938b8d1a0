"""Files out: rows as Arrow batches into Parquet, CSV, delimited, fixed-width or JSON objects.

    output = Output(objects, base, columns, options, ...)        output.py
    output.write(slice, batch)                                   from any thread, in arrow_type of the columns' types
    files = output.finish()                                      all objects appear; WrittenFile: url, rows, bytes
    output.abort()                                               nothing is left of it

    batch --slice--> --partition--> Series (series.py): files of one slice or partition, cut at a size
                                      |  Format.pieces(batch)   bytes of a few rows: text.py over fields.py
                                      |  Format.open(writer)    or a file with a footer: parquet.py
                                      v
                                   ObjectWriter --> Publisher (publishing.py): whole objects, all at the end

What a format is told stands in options.py. UNLOAD writes through this, external tables do too; which statement
clauses mean what is the statement's affair.
"""
