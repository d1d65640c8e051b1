"""crowd-kit's side of ``agreement_crowd``, run in its environment: ``python agreement_crowd_peer.py FILE ITERATIONS`` prints JSON: CPU seconds.

The table [items, people] of labels comes as a file of numpy's.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
from crowdkit.aggregation import MACE, DawidSkene


def main(file, iterations):
    said = np.load(file).astype(np.int64)
    items, people = said.shape
    columns = {"task": np.repeat(np.arange(items), people), "worker": np.tile(np.arange(people), items)}
    frame = pd.DataFrame(columns | {"label": said.ravel()})
    ways = {
        "Dawid-Skene": DawidSkene(n_iter=iterations, tol=0),
        "MACE": MACE(n_restarts=1, n_iter=iterations, random_state=0),
    }
    print(json.dumps({name: _seconds(way, frame) for name, way in ways.items()}))


def _seconds(way, frame):
    begin = time.process_time()
    way.fit(frame)
    return time.process_time() - begin


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
