"""Articles that are taken back: their documents go in; a version without them, and the mark on every version with them, come out.

The event comes first: from then on nothing is published with these documents. Everything after it can be done again, so that a
retraction that was cut off is finished by saying it once more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from copydesk.datasets.events import add_event, events_in, latest_in, point, state_of
from copydesk.datasets.load import read_published
from copydesk.datasets.pictures import Draw, no_pictures
from copydesk.datasets.publish import Gate, open_gate, publish_again
from copydesk.datasets.stores import store_of
from copydesk.datasets.version import is_removed, versions_in
from copydesk.errors import UnknownError
from copydesk.model.progress import Progress


@dataclass(frozen=True, slots=True)
class Retracted:
    """What a retraction did: the version without the documents ("" where nothing is left to publish), and those that are yanked."""

    successor: str
    yanked: tuple[str, ...]
    doc_ids: tuple[str, ...]


def retract(
    folder: Path,
    doc_ids: Collection[str],
    *,
    reason: str,
    gate: Gate = open_gate,
    draw: Draw = no_pictures,
    progress: Progress,
) -> Retracted:
    """Take documents back from the dataset in ``folder``: publish the newest version without them, yank all that hold them.

    Where ``gate`` does not let that version pass, what it raises is raised: nothing is published or yanked, and the documents are
    in no later version all the same. Raises UnknownError where no version holds any of them.
    """
    if not _held(folder, doc_ids):
        raise UnknownError(
            f"no version of {folder.name} holds {', '.join(sorted(doc_ids))}", fix="copydesk log lists the versions"
        )
    with store_of(folder).turn():  # who publishes after this knows of it, and who published before is found
        held = _held(folder, doc_ids)
        state = state_of(events_in(folder))
        new = sorted(set().union(*held.values()) - state.retracted.keys())
        if new:
            add_event(folder, "retract", doc_ids=new, reason=reason)
    number = _successor(folder, held, gate, draw, progress)
    waiting = [version for version in held if version not in state.yanked]
    for version in waiting:
        add_event(
            folder,
            "yank",
            version=version,
            reason=f"{len(held[version])} articles were retracted: {reason}",
            successor=number,
        )
    point(folder)
    return Retracted(number, tuple(waiting), tuple(new))


def _successor(folder: Path, held: Collection[str], gate: Gate, draw: Draw, progress: Progress) -> str:
    """The number of the newest version without the documents, published now where the newest one has them."""
    latest = latest_in(folder)
    if latest is None or str(latest.version) not in held:
        return str(latest.version) if latest else ""
    made = publish_again(latest, gate=gate, draw=draw, progress=progress)
    return made.version if made else ""


def _held(folder: Path, doc_ids: Collection[str]) -> dict[str, set[str]]:
    """Which of these documents each version holds, of those that hold any."""
    found = {}
    for version in versions_in(folder):
        path = folder / str(version)
        if not is_removed(path):
            documents = read_published(path, "documents", columns=["doc_id"])["doc_id"].to_pylist()
            found[str(version)] = set(documents) & set(doc_ids)
    return {version: those for version, those in found.items() if those}
