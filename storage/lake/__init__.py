"""The lake: tables whose rows are in files of an object store, as Redshift Spectrum and Athena see them.

    data catalogue          catalogue.py    databases, tables and partitions; facts of the warehouse's own catalogue
      schema spectrum  ->  database spectrumdb  ->  table sales  ->  partitions (saledate='2008-01') ...
    definition              definition.py   Source: location, format, serde, properties; ExternalTable made of it
                            hive_types.py   types as they are written there: int, struct<a:int>, array<...>
    files                   files.py        which files a location means: hidden ones, manifests
                            partitions.py   a partition's values as the columns' own; folders key=value
    rows                    formats/        one reader a format: splits of files, and batches of Arrow arrays

An external schema names a database of the data catalogue; two schemas may name the same one. Nothing here knows SQL
or plans: what is to be read of a table at a query is decided in engine/lake/.
"""
