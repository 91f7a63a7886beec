"""What came of checks, as JUnit XML: a suite for each table, a case for each rule."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from pipeproof.data.checking.result import CheckResult, RuleResult
from pipeproof.report.junit import xml_text


def check_junit(results: Sequence[CheckResult], contract: str) -> str:
    """Return checks as JUnit XML; it holds a failure exactly when one did not pass.

    Args:
        results: What came of each table.
        contract: The file that the contracts stand in.
    """
    root = ET.Element("testsuites", name=xml_text(f"pipeproof contract check {contract}"))
    for result in results:
        cases = [_case(rule, result) for rule in result.rules]
        if not result.asked:
            cases.append(
                _failed(
                    ET.Element("testcase", name="rules", classname=xml_text(result.name)),
                    "nothing was asked",
                    "",
                )
            )
        failures = sum(case.find("failure") is not None for case in cases)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=xml_text(result.name),
            tests=str(len(cases)),
            failures=str(failures),
            errors="0",
        )
        suite.extend(cases)
    ET.indent(root)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def _case(rule: RuleResult, result: CheckResult) -> ET.Element:
    name = " ".join(part for part in (rule.column, rule.rule) if part)
    case = ET.Element("testcase", name=xml_text(name), classname=xml_text(result.name))
    if rule.status in {"broken", "unasked"} and rule.severity == "error":
        rows = "" if rule.rows is None else f" in {rule.rows:,} of {result.rows:,} rows"
        _failed(case, rule.why or f"breaks '{rule.says}'{rows}", "\n".join(map(str, rule.examples)))
    elif rule.status != "kept":
        said = rule.why or f"{rule.rows or 0:,} rows break '{rule.says}'"
        ET.SubElement(case, "system-out").text = xml_text(said)
    return case


def _failed(case: ET.Element, message: str, more: str) -> ET.Element:
    ET.SubElement(case, "failure", message=xml_text(message), type="contract").text = xml_text(more)
    return case
