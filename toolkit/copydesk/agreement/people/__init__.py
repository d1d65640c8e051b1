"""Labels in, facts about the people who made them out: how far each can be trusted, and with what."""

from copydesk.agreement.people.report import Given, annotator_facts
from copydesk.agreement.people.standing import Standing, failed_reads, standings
from copydesk.agreement.people.work import work_of

__all__ = ["Given", "Standing", "annotator_facts", "failed_reads", "standings", "work_of"]
