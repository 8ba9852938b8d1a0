"""Workload management: who runs when, and with what. A state machine without threads or clocks.

    configuration (JSON) --> Machine                     engine/workload/ is the driver around it
                               |
       submit  --------------> |  --> Start   run it now, with so much memory
       progress, tick -------> |  --> Wait    it stands in a queue
       returning, finish ----> |  --> Hop     to another queue: go on there, or stop and start anew
       cancel, evicted ------> |  --> Abort   stop it, with this text
       change_..._priority --> |  --> Share   memory from which it should begin to spill
       reconfigure ----------> |  --> Log, Raise   a rule spoke; a priority changed

Every event carries the time as a number of microseconds, so that a test replays an hour of load in milliseconds.
Nothing here knows of SQL, threads or files: a query is a `Request` with its user, its group, what kind of statement
it is and what its plan is thought to take.

    configuration.py  what wlm_json_configuration says; parsing.py reads and checks its text
    assignment.py     which queue a query belongs to (superuser, first match, default)
    queues.py         slots and their memory: the manual queues, the superuser's, the short queries' space
    automatic.py      queues without slots: priorities, as many at once as memory and processors allow
    short.py          what a query will probably take, and what counts as short
    rules.py          query monitoring rules over metrics.py's metrics
    scaling.py        executors for queries that would wait in a queue with concurrency scaling
    usage.py          limits on concurrency scaling and on external bytes, by day, week or month
    log.py            what has happened, for system tables
    machine.py        the events
"""
