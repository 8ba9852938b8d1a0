"""The driver of workload management: feeds wlm/'s machine real time and real counters, and does what it decides.

    a statement's plan --door.py-------> past, or in: slices have work with it
                       --estimates.py--> what it will take
                       --admission.py--> Ticket: waits for its turn, ends with the statement
    manager.py         one Manager a database and process: the machine, its lock, its clock, who waits
    watcher.py         a thread that looks at running queries, while there are rules or timeouts to keep
    usage.py           what a running query has taken: CPU, rows, blocks, from its tasks
    kept.py            what it has done, in the database's history: for system tables, and for counts of usage limits
    parameters.py      wlm_json_configuration and its kin: connect option, file, ALTER SYSTEM
    scaling.py         concurrency scaling: executor processes, one kept as a spare; executor.py is what they run
    levels.py          CHANGE_QUERY_PRIORITY and its kin, for SQL

What passes here are the queries that slices work on; SET, SHOW, DDL and queries of the catalogue are the leader's
own. A statement takes its slot once its table locks are held, so that whoever has a slot never waits for a lock
whose holder waits for a slot.
"""
