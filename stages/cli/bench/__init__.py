"""bench: the speed of each stage against a named baseline, measured in the same run.

Absolute times mean little on a shared machine: read the ratio. Runs of stage and baseline alternate, and the
medians are compared. One worker is used unless MEMCURATE_WORKERS is set. `table.py` lists the benchmarks, a
module each.
"""
