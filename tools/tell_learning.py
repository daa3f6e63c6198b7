"""Print what a training has gained at a revision or experiment, as `make learn` does at its end.

`python -m tools.tell_learning learn`
"""

import sys

import dvc.api

from stages.shared.learned import RESULTS_FILE, describe_learning


def main() -> None:
    """Read the table of the evaluation from DVC's cache, and print its line."""
    (revision,) = sys.argv[1:]
    print(f"{revision}: {describe_learning(dvc.api.read(str(RESULTS_FILE), rev=revision).splitlines())}")


if __name__ == "__main__":
    main()
