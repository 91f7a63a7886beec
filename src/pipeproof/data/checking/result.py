"""What came of a check, as values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeproof.errors import ContractError, Finding, Severity

Status = Literal["kept", "tolerated", "broken", "unasked"]


@dataclass(frozen=True, slots=True)
class Example:
    """A row that breaks a rule.

    Attributes:
        row: Its number, from 1.
        values: Column → its value as it may be shown; personal data are masked.
    """

    row: int
    values: Mapping[str, str]

    def __str__(self) -> str:
        return f"row {self.row:,}: {', '.join(self.values.values())}"


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What came of one rule.

    Attributes:
        column: The column, such as `zip` or `address.zip`; empty for a rule of the table.
        rule: Its name.
        says: What it asks, for people.
        status: Whether it was kept, was broken as far as its limit allows, was broken, or could not be asked.
        rows: How many rows break it, None where rows are not what is counted.
        allowed: How many rows may break it.
        value: What was measured, where a number was.
        severity: How bad a breach is.
        examples: The first rows that break it.
        why: What is the matter, where it is more than `says` and the numbers tell.
        fix: What to do about it, where that is special.
        code: The code of its finding.
    """

    column: str
    rule: str
    says: str
    status: Status = "kept"
    rows: int | None = None
    allowed: int = 0
    value: float | None = None
    severity: Severity = "error"
    examples: tuple[Example, ...] = ()
    why: str = ""
    fix: str = ""
    code: str = "PPF303"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data; an infinite number, which JSON has not, is a text."""
        return {
            "column": self.column,
            "rule": self.rule,
            "says": self.says,
            "status": self.status,
            "rows": self.rows,
            "allowed": self.allowed,
            "value": self.value if self.value is None or math.isfinite(self.value) else str(self.value),
            "severity": self.severity,
            "examples": [{"row": one.row, "values": dict(one.values)} for one in self.examples],
        }


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of holding a table against a contract; true when it passed.

    Attributes:
        name: The table.
        rows: How many rows there are; those read so far where the reading was stopped.
        rules: Every rule with what came of it.
        findings: What is wrong or worth knowing.
        complete: Whether the whole table was read; not where `fail_fast` stopped it.
    """

    name: str
    rows: int
    rules: tuple[RuleResult, ...]
    findings: tuple[Finding, ...] = ()
    complete: bool = True
    counts: Mapping[str, int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        counts: dict[str, int] = dict.fromkeys(("kept", "tolerated", "broken", "unasked"), 0)
        for rule in self.rules:
            counts[rule.status] += 1
        object.__setattr__(self, "counts", counts)

    @property
    def asked(self) -> int:
        """How many rules were asked."""
        return len(self.rules) - self.counts["unasked"]

    @property
    def passed(self) -> bool:
        """Whether rules were asked and no finding is an error."""
        return self.asked > 0 and all(finding.severity != "error" for finding in self.findings)

    def __bool__(self) -> bool:
        return self.passed

    def raise_for_findings(self) -> None:
        """Raise what was found, unless the check passed.

        Raises:
            ContractError: The table does not keep the contract.
        """
        if not self.passed:
            raise ContractError(*self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data; findings are told in the form of all documents by whoever prints them."""
        return {
            "table": self.name,
            "passed": self.passed,
            "rows": self.rows,
            "complete": self.complete,
            "counts": dict(self.counts),
            "rules": [rule.to_dict() for rule in self.rules],
            "findings": [
                {
                    "code": finding.code,
                    "severity": finding.severity,
                    "what": finding.what,
                    "column": finding.column,
                    "rule": finding.rule,
                    "evidence": finding.evidence,
                    "fix": finding.fix,
                }
                for finding in self.findings
            ],
        }
