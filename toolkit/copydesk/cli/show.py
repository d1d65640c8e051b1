"""``copydesk show``: one document, and where each of its labels came from."""

from __future__ import annotations

import click

from copydesk.cli.output import json_option, one_schema_option, open_workspace, print_json
from copydesk.flow import look


@click.command("show")
@click.argument("doc_id")
@one_schema_option
@json_option
@click.pass_context
def command(ctx: click.Context, doc_id: str, schema: str, as_json: bool) -> None:
    """Print the document DOC_ID (or the one made from the file DOC_ID): text, zones, labels.

    Under each label stands its chain: who drew it, in which annotation, how it was decided, and the place in the raw article. What is said of the document, events, claims and times follow; labels of an older revision that wait for a person stand at the end.
    """
    workspace = open_workspace(ctx)
    shown = look.show(workspace.under(schema) if schema else workspace, doc_id)
    if as_json:
        print_json(shown)
        return
    click.echo(f"{shown['doc_id']} revision {shown['revision']}  {shown['title'] or ''}")
    click.echo(
        f"made from {shown['source']} ({shown['raw_sha256'][:12]}) by {shown['recipe']}, {shown['edits']} edits\n"
    )
    for zone in shown["zones"]:
        speaker = f"  speaker: {zone['speaker']}" if zone["speaker"] else ""
        click.echo(f"[{zone['kind']} {zone['start']}:{zone['end']}, {zone['rule']}]{speaker}\n{zone['surface']}\n")
    for label in shown["labels"]:
        click.echo(f"{label['label']:<12} {label['start']}:{label['end']}  {label['surface']}")
        for line in label["chain"]:
            click.echo(f"             ← {line}")
    for said in shown["categories"]:
        click.echo(f"{said['name']}: {said['value']}")
        for line in said["chain"]:
            click.echo(f"             ← {line}")
    for event in shown["together"]["events"]:
        when = f"  {event['time']}" if event["time"] else ""
        click.echo(f"event {event['label']}  {event['surface']}{when}")
        for argument in event["arguments"]:
            click.echo(f"             {argument['role']}: {argument['surface']}")
    for claim in shown["together"]["claims"]:
        click.echo(
            f"claim {claim['claim_id']}  {claim['surface']}  ({', '.join(claim['source_names']) or 'no source'})"
        )
        for name in ("contradicts", "supports"):
            click.echo("".join(f"             {name}: {other}\n" for other in claim[name]), nl=False)
    for time in shown["together"]["times"]:
        click.echo(f"time {time['surface']} = {time['value']}  ({time['evidence']})")
    for anchor in shown["waiting"]:
        click.echo(f"{anchor['label']:<12} {anchor['detail']}")
