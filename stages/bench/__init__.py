"""bench: how fast each stage is against a named baseline, measured in the same run.

Absolute times mean little on a shared machine: read the ratio. The runs of the two alternate, and the medians
are compared. One worker, unless MEMCURATE_WORKERS says more. One file per benchmark; `table.py` lists them.
"""
