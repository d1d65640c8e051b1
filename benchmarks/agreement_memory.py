"""Nominal alpha of a table [units, raters] in a file of numpy's, by ours or by krippendorff; prints the process's peak of memory in kB.

Each is read into its own input: long votes, or a matrix of floats in which nan is missing. Nothing else is imported.
"""

import importlib
import resource
import sys
from pathlib import Path

import numpy as np


def main(who: str, file: str) -> None:
    table = np.load(file, mmap_mode="r")
    if who == "ours":
        classes = importlib.import_module("copydesk.agreement.classes")
        of_counts = importlib.import_module("copydesk.agreement.classes.of_counts")
        units, (unit, rater) = len(table), np.nonzero(table >= 0)
        value = table[unit, rater].astype(np.int64)
        del table
        of_counts.alpha(classes.Ratings.of(unit, rater, value, units=units, raters=5, values=10))
    else:
        krippendorff = importlib.import_module("krippendorff")
        data = np.where(table >= 0, table, np.nan).T
        del table
        krippendorff.alpha(data, level_of_measurement="nominal")
    print(peak())


def peak() -> int:
    """Give the most memory that this process held at once, in kB."""
    status = Path("/proc/self/status")
    if status.exists():  # a child's ru_maxrss begins with what its parent held when it was started
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(*sys.argv[1:])
