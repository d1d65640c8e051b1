"""crowd-kit's side of ``agreement_crowd``: runs in an environment of its own, with labels as JSON on standard input."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd
from crowdkit.aggregation import MACE, DawidSkene


def main() -> None:
    """Print the CPU seconds of so many iterations."""
    name, iterations = sys.argv[1], int(sys.argv[2])
    said = np.array(json.load(sys.stdin))
    items, people = said.shape
    columns = {"task": np.repeat(np.arange(items), people), "worker": np.tile(np.arange(people), items)}
    frame = pd.DataFrame(columns | {"label": said.ravel()})
    ways = {
        "DawidSkene": DawidSkene(n_iter=iterations, tol=0),
        "MACE": MACE(n_restarts=1, n_iter=iterations, random_state=0),
    }
    began = time.process_time()
    ways[name].fit(frame)
    print(time.process_time() - began)


if __name__ == "__main__":
    main()
