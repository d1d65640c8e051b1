"""Rows of the table ``agreement`` go in, charts of them come out: measures with intervals, label by label, pair by pair; and what is mixed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from copydesk.agreement.figures import ALL, COUNTED, OF_CATEGORY
from copydesk.report import charts
from copydesk.report.charts import Chart

Row = Mapping[str, Any]
BY_LABEL = "span_f1_exact"
LABELS = 15  # of a heat map, the most frequent ones; its table has all
PAIRS = 30


def agreement_charts(rows: Sequence[Row]) -> Iterator[Chart]:
    """Give the charts of what was measured; none where nothing could be compared."""
    whole = [row for row in rows if row["annotators"] == row["scope"] == ALL]
    measured = [row for row in whole if _is_of_all(row) and not row["measure"].startswith(COUNTED)]
    if any(row["value"] is not None for row in measured):
        named = [(_named(row), row) for row in measured]
        says = "Each measure of agreement between annotators over all documents, with its 95 % interval."
        yield _with_intervals("agreement", "Agreement between annotators", says, "measure", named)
    by_label = [row for row in whole if row["measure"] == BY_LABEL and row["label"] != ALL]
    if any(row["value"] is not None for row in by_label):
        named = sorted(((row["label"], row) for row in by_label), key=lambda one: -one[1]["n"])
        says = f"Agreement on each label ({BY_LABEL}: the same characters and the same label), with its 95 % interval."
        yield _with_intervals("agreement-by-label", "Agreement by label", says, "label", named)


def pairs_chart(rows: Sequence[Row]) -> Iterator[Chart]:
    """Give the heat map of every two annotators and each label; none where there are no two."""
    known = [
        row for row in rows if row["measure"] == BY_LABEL and row["annotators"] != ALL and row["value"] is not None
    ]
    if not known:
        return
    sizes = Counter({row["label"]: 0 for row in known})
    for row in known:
        sizes[row["label"]] += row["n"]
    labels = [ALL, *(label for label, _ in sizes.most_common() if label != ALL)][: LABELS + 1]
    pairs = sorted({row["annotators"] for row in known}, key=lambda names: [(len(one), one) for one in names.split()])
    cells = [(row["annotators"], row["label"], row["value"], f"{row['value']:.2f}") for row in known]
    shown = set(pairs[:PAIRS])
    yield Chart(
        name="pairs",
        title="Agreement of every two annotators",
        says=f"How far every two annotators agree on each label ({BY_LABEL}); the stronger the colour, the more.",
        spec=charts.heat(
            [one for one in cells if one[0] in shown and one[1] in labels], down=pairs[:PAIRS], across=labels, most=1.0
        ),
        head=("annotators", "label", BY_LABEL, "n"),
        rows=tuple((row["annotators"], row["label"], row["value"], row["n"]) for row in known),
        texts=2,
    )


def confusion_chart(counts: Mapping[tuple[str, str], int]) -> Iterator[Chart]:
    """Give the heat map of two annotators' labels on the same characters; none where no two met."""
    differing = {pair: count for pair, count in counts.items() if pair[0] != pair[1]}
    if not counts:
        return
    says = "How often two annotators gave these two labels to the very same characters. Off the diagonal they differ."
    yield pair_chart("confusion", "Confusion between labels", says, counts, most=max(differing.values(), default=1))


def pair_chart(name: str, title: str, says: str, counts: Mapping[tuple[str, str], int], *, most: float) -> Chart:
    """Give the heat map of counts of two labels each; ``most`` has the strongest colour."""
    sizes: Counter[str] = Counter()
    for pair, count in counts.items():
        for label in set(pair):
            sizes[label] += count
    labels = [label for label, _ in sorted(sizes.items(), key=lambda one: (-one[1], one[0]))][:LABELS]
    place = {label: at for at, label in enumerate(labels)}
    cells = []
    for pair, count in counts.items():
        if set(pair) <= place.keys():
            one, other = sorted(pair, key=place.__getitem__)
            cells.append((other, one, float(count), _short(count)))
    return Chart(
        name=name,
        title=title,
        says=says,
        spec=charts.heat(cells, down=labels, across=labels, most=most),
        head=("label", "label", "count"),
        rows=tuple((*pair, count) for pair, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))),
        texts=2,
    )


def _with_intervals(name: str, title: str, says: str, what: str, named: Sequence[tuple[str, Row]]) -> Chart:
    known = [(label, row["value"], row["low"], row["high"]) for label, row in named if row["value"] is not None]
    return Chart(
        name=name,
        title=title,
        says=says,
        spec=charts.intervals(known, what="agreement"),
        head=(what, "value", "low", "high", "n", "documents"),
        rows=tuple(
            (label, *(row[cell] for cell in ("value", "low", "high", "n", "documents"))) for label, row in named
        ),
    )


def _is_of_all(row: Row) -> bool:
    return row["label"] == ALL or (row["measure"].startswith(OF_CATEGORY) and "=" not in row["label"])


def _named(row: Row) -> str:
    return str(row["measure"]) if row["label"] == ALL else f"{row['measure']} {row['label']}"


def _short(count: int) -> str:
    return f"{count:,}" if count < 10_000 else f"{count / 1000:,.0f}k"
