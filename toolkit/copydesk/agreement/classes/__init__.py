"""What people said of whole things (documents, words) in; coefficients of agreement for classes, ranks, numbers and sets out."""

from copydesk.agreement.classes.coefficient import Coefficient
from copydesk.agreement.classes.distances import interval, jaccard, linear, masi, nominal, ratio
from copydesk.agreement.classes.kappa import kappas
from copydesk.agreement.classes.measure import measure_categories
from copydesk.agreement.classes.ratings import Ratings

__all__ = [
    "Coefficient",
    "Ratings",
    "interval",
    "jaccard",
    "kappas",
    "linear",
    "masi",
    "measure_categories",
    "nominal",
    "ratio",
]
