"""``copydesk show``: one document, and where each of its labels came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from copydesk.cli import complete
from copydesk.cli.drawn import Piece, marks_of, pieces, print_pieces
from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_json
from copydesk.cli.terminal import plain


@click.command("show")
@click.argument("doc_id", shell_complete=complete.documents)
@one_schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, doc_id: str, schema: str, as_json: bool) -> None:
    """Print the document DOC_ID (or the one made from the file DOC_ID): text, zones, labels.

    Labels are drawn in the text: [Port Merrin]PLACE. Those that cross others are numbered, so that each bracket finds its own. Under
    each label stands its chain: who drew it, in which annotation, how it was decided, and the place in the raw article. What is
    said of the document, events, claims and times follow; labels of an older revision that wait for a person stand at the end.
    """
    from copydesk.flow import look

    workspace = open_workspace(ctx)
    workspace = workspace.under(schema) if schema else workspace
    shown = look.show(workspace, doc_id)
    if as_json:
        print_json(shown)
        return
    labels = workspace.schema().labels if shown["labels"] else ()
    colours = {label.name: label.colour for label in labels}
    for line in _lines(shown):
        print_pieces(line, colours)


def _lines(shown: Mapping[str, Any]) -> Iterator[Sequence[Piece]]:
    yield _line(f"{shown['doc_id']} revision {shown['revision']}  {shown['title'] or ''}")
    yield _line(
        f"made from {shown['source']} ({shown['raw_sha256'][:12]}) by {shown['recipe']}, {shown['edits']} edits\n"
    )
    marks = marks_of(shown["labels"])
    for zone in shown["zones"]:
        speaker = f"  speaker: {zone['speaker']}" if zone["speaker"] else ""
        yield _line(f"[{zone['kind']} {zone['start']}:{zone['end']}, {zone['rule']}]{speaker}")
        yield [*pieces(zone["surface"], marks, offset=zone["start"]), ("\n", "")]
    for label in shown["labels"]:
        place = f"  {label['start']}:{label['end']}  {label['surface']}"
        yield [(plain(f"{label['label']:<12}"), label["label"]), *_line(place)]
        yield from _chain(label)
    for said in shown["categories"]:
        yield _line(f"{said['name']}: {said['value']}")
        yield from _chain(said)
    yield from map(_line, _together(shown["together"]))
    for anchor in shown["waiting"]:
        yield _line(f"{anchor['label']:<12} {anchor['detail']}")


def _line(text: str) -> list[Piece]:
    return [(plain(text), "")]


def _chain(of: Mapping[str, Any]) -> Iterator[list[Piece]]:
    return (_line(f"             ← {line}") for line in of["chain"])


def _together(together: Mapping[str, Any]) -> Iterator[str]:
    """Tell the events with their arguments, the claims and the times."""
    for event in together["events"]:
        when = f"  {event['time']}" if event["time"] else ""
        yield f"event {event['label']}  {event['surface']}{when}"
        for argument in event["arguments"]:
            yield f"             {argument['role']}: {argument['surface']}"
    for claim in together["claims"]:
        sources = ", ".join(claim["source_names"]) or "no source"
        yield f"claim {claim['claim_id']}  {claim['surface']}  ({sources})"
        for name in ("contradicts", "supports"):
            yield from (f"             {name}: {other}" for other in claim[name])
    for time in together["times"]:
        yield f"time {time['surface']} = {time['value']}  ({time['evidence']})"
