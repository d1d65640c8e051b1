"""Documents go in, those that are worth labelling next come out, and what their labels say of all the others."""

from copydesk.sampling.choose import Candidates, Choice, Plan, choose, keyed
from copydesk.sampling.clusters import clusters
from copydesk.sampling.frequency import label_frequencies
from copydesk.sampling.representative import representative
from copydesk.sampling.scores import combine
from copydesk.sampling.strata import strata

__all__ = [
    "Candidates",
    "Choice",
    "Plan",
    "choose",
    "clusters",
    "combine",
    "keyed",
    "label_frequencies",
    "representative",
    "strata",
]
