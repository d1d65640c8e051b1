"""Random tables with gaps in, what other packages say of them out, as lines of JSON; run in an environment of its own.

Made with Python 3.11, krippendorff 0.9.0, scikit-learn 1.9.1, nltk 3.10.4 and irrCAC 0.4.4 (which wants numpy 1.26 and scipy 1.12):
    pip install krippendorff==0.9.0 scikit-learn==1.9.1 nltk==3.10.4 irrCAC==0.4.4 && python make.py
In ``values`` a row is a rater and a column a unit, "." is missing; in ``sets`` "-" is nothing.
"""

import json
import random
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from ask import alphas, as_numbers, kappas
from irrCAC.raw import CAC
from nltk.metrics import agreement, jaccard_distance, masi_distance

HERE = Path(__file__).parent


def main() -> None:
    draw = random.Random(5)
    warnings.simplefilter("ignore")
    _write("classes.jsonl", [_classes(draw) for _ in range(200)])
    _write("sets.jsonl", [_sets(draw) for _ in range(50)])


def _write(name, rows):
    (HERE / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _classes(draw):
    """A table in which at least two values occur among those that can be paired."""
    while True:
        raters, units, most = draw.randint(2, 5), draw.randint(3, 12), draw.randint(2, 5)
        known = draw.random()
        rows = []
        truth = [draw.randint(1, most) for _ in range(units)]
        for _ in range(raters):
            said = [str(one if draw.random() < known else draw.randint(1, most)) for one in truth]
            rows.append([value if draw.random() < 0.8 else "." for value in said])
        data = as_numbers(rows)
        paired = data[:, (~np.isnan(data)).sum(axis=0) > 1]
        if len(np.unique(paired[~np.isnan(paired)])) > 1:
            break
    found: dict[str, object] = alphas(rows)
    frame = pd.DataFrame(
        [[None if value == "." else int(value) for value in column] for column in zip(*rows, strict=True)]
    )
    categories = sorted({int(value) for row in rows for value in row if value != "."})
    plain = CAC(frame, categories=categories, digits=15)
    found["ac1"], found["fleiss"] = (_value(one) for one in (plain.gwet(), plain.fleiss()))
    found["bennett"] = _value(plain.bp())
    # Gwet's quadratic weights are of the values, 1 - (difference / range)².
    found["ac2"] = _value(CAC(frame, categories=categories, weights="quadratic", digits=15).gwet())
    return {"values": [" ".join(row) for row in rows], **found, "kappas": kappas(rows)}


def _value(answer):
    return float(answer["est"]["coefficient_value"])


def _sets(draw):
    """A table of sets, some empty; nltk is not asked for the distance of a set from itself, since of nothing it divides by 0."""
    while True:
        raters, units = draw.randint(2, 4), draw.randint(3, 9)
        rows = [
            ["".join(sorted(draw.sample("abcd", draw.choice([0, 1, 1, 2, 3])))) for _ in range(units)]
            for _ in range(raters)
        ]
        chosen = [one for row in rows for one in row]
        if len(set(chosen)) > 1:
            break
    data = [(str(rater), str(unit), frozenset(one)) for rater, row in enumerate(rows) for unit, one in enumerate(row)]
    found = {
        name: float(agreement.AnnotationTask(data, distance=_apart(distance)).alpha())
        for name, distance in (("masi", masi_distance), ("jaccard", jaccard_distance))
    }
    return {"sets": [" ".join(one or "-" for one in row) for row in rows], **found}


def _apart(distance):
    return lambda one, other: 0.0 if one == other else distance(one, other)


if __name__ == "__main__":
    main()
