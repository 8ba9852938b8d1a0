"""The design harness: which distribution and sort keys a workload wants, found by estimates and proven by measurement.

    warehouse-sql design dw --workload queries/ --nodes 2 --slices 2

    source.py     the tables: a database, or DDL and files       -> staged in a folder of the run's own
    workload.py   the queries, from files or the recorded history
    (engine/advisor/)  candidates, rules, estimates, search      -> designs that should be cheap
    variants.py   tables loaded in a design, side by side
    measure.py    the workload run over them, counters read
    harness.py    all of it in order: screening, finalists, neighbours of the best; state.py keeps what is done
    encodings.py  bytes of each column in each encoding
    report.py     the result as one JSON object -> report_text.py, report_html.py (plots.py), DDL
    cli.py        the commands `design` and `advise`
    suites.py     ready-made: TPC-H and the star schema benchmark (ssb.py)

Figures of this machine (times, CPU) and those of a cluster (reckoned from bytes and blocks by stated speeds,
engine/advisor/cost.py) are kept apart everywhere.
"""
