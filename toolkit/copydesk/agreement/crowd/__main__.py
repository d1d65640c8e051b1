"""A file of texts that a crowd marked in, the figures of each way to merge them out: ``python -m copydesk.agreement.crowd FILE``.

``corpus`` says what a line holds. Doubt is told by text, and so is what an adjudicator is asked: give a sentence a line, or keep the
line breaks between sentences.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from copydesk.agreement.crowd.consensus import METHODS, Consensus, consensus
from copydesk.agreement.crowd.corpus import Corpus, faults, read_corpus, worst_fifth
from copydesk.errors import CopydeskError

_HEAD = (
    f"{'method':<10} {'precision':>9} {'recall':>7} {'F1':>6} {'worst fifth put right':>22} {'of reach':>8} "
    f"{'spans':>7} {'half words':>10} {'overlaps':>8} {'outside':>7} {'CPU s':>6}"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 1 where the file is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m copydesk.agreement.crowd", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--overlap", action="store_true", help="keep spans that share characters")
    parser.add_argument("--method", action="append", choices=METHODS, help="only this one; may be given several times")
    options = parser.parse_args(arguments)
    try:
        _report(read_corpus(options.file), options.method or METHODS, overlap=options.overlap)
    except CopydeskError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _report(corpus: Corpus, methods: Sequence[str], *, overlap: bool) -> None:
    people = {name for own in corpus.drawn for name in own}
    spans = sum(len(one) for own in corpus.drawn for one in own.values())
    words = "cut here" if corpus.words is None else "given"
    _say(f"{len(corpus.texts)} texts, {len(people)} people, {spans} spans drawn, words {words}")
    _say(_HEAD)
    for method in (one for one in methods if not (overlap and one == "bsc_seq")):
        began = time.process_time()
        found = consensus(
            corpus.texts, corpus.drawn, gold=corpus.gold, method=method, words=corpus.words, overlap=overlap
        )
        _say(_line(corpus, found, time.process_time() - began))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _line(corpus: Corpus, found: Consensus, seconds: float) -> str:
    figures = f"{'':>9} {'':>7} {'':>6} {'':>22} {'':>8}"
    if corpus.gold is not None and found.score is not None:
        own = found.score
        gain, reach = worst_fifth(found, corpus.gold)
        share = f"{100 * gain / reach:.0f} %" if reach else "-"
        after = f"{100 * (own.f1 + gain):.2f} ({100 * gain:+.2f})"
        figures = f"{100 * own.precision:>9.2f} {100 * own.recall:>7.2f} {100 * own.f1:>6.2f} {after:>22} {share:>8}"
    half, overlaps, outside = faults(corpus, found.spans)
    count = sum(map(len, found.spans))
    return f"{found.method:<10} {figures} {count:>7} {half:>10} {overlaps:>8} {outside:>7} {seconds:>6.2f}"


if __name__ == "__main__":
    sys.exit(main())
