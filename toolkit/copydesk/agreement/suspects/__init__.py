"""Agreed labels and texts in, the labels that are likely to be wrong out, the likeliest first."""

from copydesk.agreement.suspects.corpus import Corpus
from copydesk.agreement.suspects.ledger import ledger
from copydesk.agreement.suspects.model import Probabilities
from copydesk.agreement.suspects.rank import suspects
from copydesk.agreement.suspects.surfaces import surface_of

__all__ = ["Corpus", "Probabilities", "ledger", "surface_of", "suspects"]
