"""An article is named; its document and that document's copies are taken back from every dataset of the workspace."""

from __future__ import annotations

import pyarrow.compute as pc

from copydesk.datasets.load import versions
from copydesk.datasets.retract import Retracted
from copydesk.datasets.retract import retract as take_back
from copydesk.errors import FindingError, UnknownError
from copydesk.flow.current import current_documents
from copydesk.flow.pictures import pictures
from copydesk.flow.report import Report
from copydesk.flow.validate_version import VersionGate
from copydesk.model.progress import Progress
from copydesk.store import locked
from copydesk.workspace import Workspace

_FIX = "correct what the findings name and copydesk publish, which leaves the article out now; then retract it again"


def retract(workspace: Workspace, article: str, *, reason: str, progress: Progress) -> Report:
    """Take an article, by its source, URL or ``doc_id``, and its copies back from the datasets that hold them.

    Raises UnknownError where there is no such article, or no dataset holds it; FindingError where a version without it would be
    wrong: that dataset keeps its versions, and is published without the article from now on.
    """
    with locked(workspace.lock):
        doc_ids = _with_copies(workspace, article)
        done: dict[str, Retracted] = {}
        lines, refused = [], []
        for name in _datasets(workspace):
            gate = VersionGate(workspace)
            try:
                one = take_back(
                    workspace.datasets / name, doc_ids, reason=reason, gate=gate, draw=pictures, progress=progress
                )
            except UnknownError:
                continue  # this one does not hold it
            except FindingError as error:
                refused.append(f"{name}: {error.message}")
                continue
            done[name] = one
            lines += [f"{name}: {len(one.yanked)} versions yanked; {_instead(one)}", *gate.told]
    if refused:
        raise FindingError("; ".join(refused), fix=_FIX)
    if not done:
        raise UnknownError(f"no dataset of this workspace holds {article}", fix="copydesk status counts the datasets")
    counts = {"documents": len(doc_ids), "versions yanked": sum(len(one.yanked) for one in done.values())}
    data = {name: {"successor": one.successor, "yanked": list(one.yanked)} for name, one in done.items()}
    return Report(
        "retract",
        counts,
        changed=any(one.yanked or one.doc_ids for one in done.values()),
        lines=tuple(lines),
        data={"doc_ids": doc_ids, "datasets": data},
    )


def _datasets(workspace: Workspace) -> list[str]:
    folder = workspace.datasets
    return sorted(path.name for path in folder.glob("*") if versions(path.name, folder=folder))


def _instead(one: Retracted) -> str:
    return f"{one.successor} is without it" if one.successor else "nothing is left to publish"


def _with_copies(workspace: Workspace, article: str) -> list[str]:
    """The document of the article and all of its story: what shares its text goes with it."""
    documents = current_documents(workspace)
    named = pc.or_kleene(pc.equal(documents["doc_id"], article), pc.equal(documents["source"], article))
    found = documents.filter(pc.or_kleene(named, pc.equal(documents["url"], article)))["doc_id"]
    if not len(found):
        raise UnknownError(f"no article {article!r} in this workspace", fix="name its source, its URL or its doc_id")
    copies = workspace.copies.read("copies", columns=["doc_id", "story_id"])
    stories = copies.filter(pc.is_in(copies["doc_id"], value_set=found.combine_chunks()))["story_id"].combine_chunks()
    others = copies.filter(pc.is_in(copies["story_id"], value_set=stories))["doc_id"]
    return sorted({*found.to_pylist(), *others.to_pylist()})
