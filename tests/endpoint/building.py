"""A process of its own that asks N items and writes their outcomes into FILE."""

import json
import sys
from pathlib import Path

from tests.endpoint.conftest import HOW, ask, items

if __name__ == "__main__":
    count, target = int(sys.argv[1]), Path(sys.argv[2])
    outcomes = ask(items(count), HOW, "items")
    target.write_text(
        json.dumps([(one.id, one.reply.answer if one.reply else one.reason) for one in outcomes])
    )
