"""Documents go in, tasks and suggestions come out: what annotators are shown, before Label Studio has a say in it."""

from copydesk.tasks.build import Left, build_tasks, without_copies
from copydesk.tasks.names import Name, read_names
from copydesk.tasks.revise import CARRIED, unchanged_since, with_carried
from copydesk.tasks.suggest import check_rules, suggest
from copydesk.tasks.times import suggested_times, times
from copydesk.tasks.when import resolve
from copydesk.tasks.windows import Windows, cut_documents, long_documents, needing_sentences

__all__ = [
    "CARRIED",
    "Left",
    "Name",
    "Windows",
    "build_tasks",
    "check_rules",
    "cut_documents",
    "long_documents",
    "needing_sentences",
    "read_names",
    "resolve",
    "suggest",
    "suggested_times",
    "times",
    "unchanged_since",
    "with_carried",
    "without_copies",
]
