"""Open disputes in, questions for an adjudicator out (``ask``); their answers in, agreed labels out (``apply_decisions``)."""

from copydesk.agreement.adjudication.apply import Applied, apply_decisions
from copydesk.agreement.adjudication.ask import ask, conflict_of_row
from copydesk.agreement.adjudication.carried import Carrier
from copydesk.agreement.adjudication.readings import contest_of
from copydesk.agreement.adjudication.rows import Heard
from copydesk.agreement.adjudication.suspicion import conflicts_of_suspects
from copydesk.agreement.adjudication.tangled import tangled
from copydesk.agreement.adjudication.whole import Whole, known_of, latest_wholes, question_of

__all__ = [
    "Applied",
    "Carrier",
    "Heard",
    "Whole",
    "apply_decisions",
    "ask",
    "conflict_of_row",
    "conflicts_of_suspects",
    "contest_of",
    "known_of",
    "latest_wholes",
    "question_of",
    "tangled",
]
