"""Whether a step kept the rows that it read, as its contract says (``rows: {of: raw, share: 0.95}``)."""

from __future__ import annotations

import math
from dataclasses import replace

from pipeproof.data.checking.edges import Held
from pipeproof.errors import Finding, Severity
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import RowsOf
from pipeproof.model.plan import Check
from pipeproof.ports import Job

_CLOSE = 1e-9  # what the rounding of a share may come to


def with_share(held: Held, written: Artifact, check: Check, job: Job) -> Held:
    """Return what came of a check with what is to be said of the share of rows that a step kept."""
    of = check.schema.rows_of
    if of is None or check.side != "output" or held.checked is None or written.rows is None:
        return held
    dataset = job.step.inputs.get(of.input, of.input)
    if dataset not in job.inputs:
        return held
    severity: Severity = "warning" if check.enforce == "warn" else "error"
    finding = _finding(written.rows, job.inputs[dataset].rows, of, job.step.name)
    checked = replace(held.checked, rules=held.checked.rules + 1)
    if finding is None:
        return replace(held, checked=checked)
    placed = replace(
        finding,
        severity=severity,
        step=job.step.name,
        edge=(job.step.name, check.dataset),
        dataset=check.dataset,
    )
    return replace(held, findings=(*held.findings, placed), checked=checked)


def _finding(written: int, read: int | None, of: RowsOf, step: str) -> Finding | None:
    if read is None:
        what = (
            f"the rows of {of.input} are not known, since it is no table; a share of them cannot be checked"
        )
        return Finding("PPF306", what, fix="correct `rows: of:` in the contract")
    told = f"{step} wrote {written:,} of the {read:,} rows of {of.input}"
    # Of few rows a share allows no whole one: one row may always be lost where any may.
    may_lose = math.ceil(read * (1 - of.least) - _CLOSE)
    if read - written > may_lose:
        lost, allowed = _percent(1 - written / read, 1 - of.least)
        what = f"{told}: {lost} % were lost, the contract allows {allowed} %"
        fix = "look for an inner join or a filter that drops rows without a match"
        return Finding("PPF308", what, fix=fix)
    if of.most is not None and written > read * of.most + _CLOSE:
        told = f"{step} wrote {written:,} rows for the {read:,} of {of.input}"
        share, allowed = (
            _percent(written / read, of.most) if read else ("more than 100", f"{of.most:.0%}"[:-1])
        )
        what = f"{told}: {share} %, the contract allows {allowed} %"
        return Finding("PPF308", what, fix="look for a join on a key that is not unique")
    return None


def _percent(seen: float, allowed: float) -> tuple[str, str]:
    """Return two shares as percentages with as few digits as tell them apart."""
    for digits in range(6):
        texts = f"{seen * 100:.{digits}f}", f"{allowed * 100:.{digits}f}"
        if texts[0] != texts[1] and round(allowed * 100, digits) == round(allowed * 100, 9):
            return texts[0], texts[1].rstrip("0").rstrip(".") if digits else texts[1]
    return f"{seen * 100:g}", f"{allowed * 100:g}"
