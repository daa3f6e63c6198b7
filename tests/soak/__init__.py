"""Many rebuilds of changing params: `python -m tests.soak`, or `make soak`.

A rebuild is a real `dvc repro` in a temporary copy of this repository, after a random change of params.yaml.
After each, the invariants are checked on the files as a user reads them, with code that is independent of the
code which wrote them. A traceback and a broken invariant are findings.
"""
