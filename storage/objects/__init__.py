"""Object stores: where COPY reads, UNLOAD writes and external tables lie.

    data/orders.csv  file:///data/...      files of this machine
    s3://bucket/key  gs://  az://          over the network, through obstore
    memory://name/key                      this process's memory, for tests

    objects = Objects(options)             (registry.py) options: how this session reaches stores (options.py)
    for found in objects.list("s3://bucket/part-"): ...     ObjectInfo: url, bytes, etag, modified
    with objects.open(found.url) as file: ...               a binary file that seeks, for pyarrow
    with objects.create("s3://bucket/out.csv") as writer: writer.write(data)

Everything is named by its URL (or local path), and errors name it too. Two implementations stand behind one face
(base.py): files.py for local ones, remote.py for the others. With `s3_root` a name s3://bucket/key means the file
s3_root/bucket/key, so that a production statement runs without a server; the name stays the one the statement gave.

A prefix is a prefix of the name's text, as on S3: `s3://b/part-` finds `part-0`, `part-1` and `part-x/y`.
An object that is written appears whole at its writer's `close`, or not at all.
"""
