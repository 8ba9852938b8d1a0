"""The benchmark and the demo: beside DuckDB, by fair rules, answers checked before times count.

`python -m warehouse.bench --help`. Runs from a checkout: the texts and the judge are in tests/oracle/.
"""
