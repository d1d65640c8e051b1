"""Open disputes in, questions for an adjudicator out (``ask``); their answers in, agreed labels out (``apply_decisions``)."""

from copydesk.agreement.adjudication.apply import Applied, apply_decisions
from copydesk.agreement.adjudication.ask import ask, conflict_of_row
from copydesk.agreement.adjudication.readings import contest_of
from copydesk.agreement.adjudication.rows import Heard

__all__ = ["Applied", "Heard", "apply_decisions", "ask", "conflict_of_row", "contest_of"]
