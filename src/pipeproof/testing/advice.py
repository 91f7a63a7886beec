"""What to do about a failure, by the case that showed it."""

from __future__ import annotations

from pipeproof.model.record import Failure
from pipeproof.model.trial import Case

_BY_CASE = {
    "empty": "return early when there are no rows, or say in the contract of the input that there are some (rows: {min: 1})",
    "one_row": "handle a single row (spreads, splits and bins of one value), or ask for more in the contract (rows: {min: N})",
    "nulls": "fill or drop missing values before this line, or say in the contract that the column has none",
    "extremes": "handle the ends of the range, or narrow it in the contract of the input",
    "duplicates": "handle repeated rows, or say in the contract which columns are unique",
    "categories": "handle every category that the contract allows, or list only those that come",
}
_BY_KIND = {
    "timeout": "look for a loop without an end; a step may take longer with `timeout:`",
    "memory": "read less at once, or give the step more with `resources: {memory: ...}`",
    "output": "write every output that the contract names, in every branch of the code",
    "import": "install the package, or correct the import",
}


def advice_for(failure: Failure, case: Case) -> str:
    """Return what to do."""
    return _BY_KIND.get(failure.kind) or _BY_CASE.get(case.name, "") or "see the line above"
