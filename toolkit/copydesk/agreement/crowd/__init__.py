"""What a crowd said in; what holds, how likely, and whom to trust, out."""

from copydesk.agreement.crowd.class_ds import Classes, class_ds
from copydesk.agreement.crowd.consensus import METHODS, Consensus, Crowd, Found, Quality, Score, consensus, merge, score
from copydesk.agreement.crowd.dawid_skene import Fitted, Prior, Ratings, dawid_skene
from copydesk.agreement.crowd.mace import Trusted, mace
from copydesk.agreement.crowd.rule import Rule

__all__ = [
    "METHODS",
    "Classes",
    "Consensus",
    "Crowd",
    "Fitted",
    "Found",
    "Prior",
    "Quality",
    "Ratings",
    "Rule",
    "Score",
    "Trusted",
    "class_ds",
    "consensus",
    "dawid_skene",
    "mace",
    "merge",
    "score",
]
