"""A file of texts that a crowd marked in, the figures of each way to merge them out: ``python -m copydesk.agreement.crowd FILE``.

A line is a JSON object for each text: ``text``, ``annotators`` (by name the [start, end, label] of everybody who read it; an empty list is
a vote for nothing), and, where there are any, ``gold`` (the same) and ``words`` ([start, end] of each). Give a sentence a line: doubt is
told by line, and so is what an adjudicator is asked.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from copydesk.agreement.crowd.consensus import METHODS, Consensus, Found, consensus, score
from copydesk.errors import CopydeskError, DataError

_HEAD = f"{'method':<10} {'precision':>9} {'recall':>7} {'F1':>6} {'spans':>7} {'after a fifth':>14} {'CPU s':>6}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 1 where the file is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m copydesk.agreement.crowd", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--overlap", action="store_true", help="keep spans that share characters")
    parser.add_argument("--method", action="append", choices=METHODS, help="only this one; may be given several times")
    options = parser.parse_args(arguments)
    try:
        _report(options.file, options.method or METHODS, overlap=options.overlap)
    except CopydeskError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _report(path: Path, methods: Sequence[str], *, overlap: bool) -> None:
    rows = _rows(path)
    texts = [row["text"] for row in rows]
    drawn = [row["annotators"] for row in rows]
    gold = [row["gold"] for row in rows] if all("gold" in row for row in rows) else None
    words = [row["words"] for row in rows] if all("words" in row for row in rows) else None
    people = {name for own in drawn for name in own}
    spans = sum(len(one) for own in drawn for one in own.values())
    _say(f"{len(texts)} texts, {len(people)} people, {spans} spans drawn, words {'given' if words else 'cut here'}")
    _say(_HEAD)
    for method in methods:
        began = time.process_time()
        found = consensus(texts, drawn, gold=gold, method=method, words=words, overlap=overlap)
        _say(_line(found, gold, time.process_time() - began))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _rows(path: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: not JSON: {error}", fix="write one JSON object a line") from error
        if (
            not isinstance(row, dict)
            or not isinstance(row.get("text"), str)
            or not isinstance(row.get("annotators"), dict)
        ):
            raise DataError(f"{path}, line {number}: no 'text' and 'annotators'", fix="write both of them on each line")
        rows.append(row)
    return rows


def _line(found: Consensus, gold: Sequence[Any] | None, seconds: float) -> str:
    count = sum(map(len, found.spans))
    if gold is None or found.score is None:
        return f"{found.method:<10} {'':>9} {'':>7} {'':>6} {count:>7} {'':>14} {seconds:>6.2f}"
    own = found.score
    after = _adjudicated(found, gold, len(gold) // 5)
    return (
        f"{found.method:<10} {100 * own.precision:>9.2f} {100 * own.recall:>7.2f} {100 * own.f1:>6.2f} "
        f"{count:>7} {100 * after:>14.2f} {seconds:>6.2f}"
    )


def _adjudicated(found: Consensus, gold: Sequence[Any], texts: int) -> float:
    """F1 once an adjudicator has put right the most doubtful texts."""
    spans = list(found.spans)
    for text in found.worst_first[:texts]:
        spans[text] = tuple(Found(start, end, label, 1.0, 0, 0) for start, end, label in gold[text])
    return score(spans, gold).f1


if __name__ == "__main__":
    sys.exit(main())
