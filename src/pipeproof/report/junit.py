"""A test or run as JUnit XML, for the systems that read it; written from its document.

The shape is that of the schema which Jenkins publishes (junit-10.xsd), which GitLab and the readers for
GitHub understand too: attributes that are not in it are not used.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

# What XML 1.0 forbids, whatever way it is written (W3C, XML 1.0, production 2, "Char").
_FORBIDDEN = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_LONGEST_MESSAGE = 500
_LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class _Case:
    """One test case; it failed when it has a failure, and was not run when it has a reason for that."""

    name: str
    seconds: float = 0.0
    assertions: int | None = None
    failure: tuple[str, str, str] | None = None
    skipped: str = ""
    out: str = ""


@dataclass(frozen=True, slots=True)
class _Suite:
    name: str
    cases: Sequence[_Case]
    out: Sequence[str] = field(default=())

    @property
    def failures(self) -> int:
        return sum(case.failure is not None for case in self.cases)

    @property
    def skipped(self) -> int:
        return sum(bool(case.skipped) for case in self.cases)

    @property
    def seconds(self) -> float:
        return sum(case.seconds for case in self.cases)


def junit_xml(document: Mapping[str, Any]) -> str:
    """Return a test or run as JUnit XML; it holds a failure exactly when that did not pass.

    Args:
        document: A ``pipeproof.test/1`` or ``pipeproof.run/1`` document.
    """
    word = "run" if "run" in document else "test"
    suites = [_suite_of_run(document)] if word == "run" else list(_suites(document))
    root = ET.Element("testsuites", _figures(suites, f"pipeproof {word} {document['pipeline']}"))
    root.set("time", _seconds(document["seconds"]))
    began = _timestamp(document["started_at"])
    for number, suite in enumerate(suites):
        _add_suite(root, suite, began, number)
    ET.indent(root)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def _suites(document: Mapping[str, Any]) -> Iterator[_Suite]:
    pipeline = document["pipeline"]
    whole = [trial for trial in document["trials"] if trial["mode"] == "pipeline"]
    alone = [trial for trial in document["trials"] if trial["mode"] != "pipeline"]
    yield _Suite(f"{pipeline}.contracts", list(_contract_cases(document)), list(_remarks(document)))
    for step in dict.fromkeys(trial["step"] for trial in alone):
        trials = [trial for trial in alone if trial["step"] == step]
        yield _Suite(f"{pipeline}.isolation.{step}", [_trial_case(trial, document, step) for trial in trials])
    if whole:
        cases = [_trial_case(trial, document, "pipeline") for trial in whole]
        yield _Suite(f"{pipeline}.pipeline", cases)


def _suite_of_run(document: Mapping[str, Any]) -> _Suite:
    return _Suite(f"{document['pipeline']}.run", list(map(_step_case, document["steps"])), document["notes"])


def _step_case(step: Mapping[str, Any]) -> _Case:
    status, seconds = step["status"], step["seconds"] or 0.0
    if status in {"passed", "reused"}:
        return _Case(step["name"], seconds, out="\n\n".join(map(finding_text, step["findings"])))
    if status not in {"failed", "interrupted"}:
        return _Case(step["name"], skipped=step["why"] or status)
    failure = step["failure"] or {"message": status, "code": "", "type": "", "traceback": ""}
    said = ": ".join(part for part in (failure["type"], failure["message"]) if part)
    return _Case(step["name"], seconds, failure=(said, failure["code"], failure["traceback"] or said))


def _trial_case(trial: Mapping[str, Any], document: Mapping[str, Any], suite: str) -> _Case:
    found = [document["findings"][at] for at in trial["findings"]]
    failure = None
    if trial["status"] == "failed":
        message = trial["why"] or (found[0]["what"] if found else "failed")
        blocks = "\n\n".join(map(finding_text, found))
        failure = (message, found[0]["code"] if found else "", blocks or message)
    skipped = (trial["why"] or "not run") if trial["status"] == "skipped" else ""
    out = "" if failure or skipped else _said(trial)
    name = trial["name"].removeprefix(suite).lstrip("./") or trial["name"]
    told = name if trial["says"] in {"", name} else f"{name}: {trial['says']}"
    return _Case(told, trial["seconds"] or 0.0, trial["checks"], failure, skipped, out)


def _said(trial: Mapping[str, Any]) -> str:
    status = "" if trial["status"] == "passed" else trial["status"]
    return ": ".join(part for part in (status, trial["why"]) if part)


def _contract_cases(document: Mapping[str, Any]) -> Iterator[_Case]:
    """Yield a case an edge, and one for each error that no edge and no failed trial shows."""
    told = {at for trial in document["trials"] for at in trial["findings"]}
    errors = {at: one for at, one in enumerate(document["findings"]) if one["severity"] == "error"}
    for edge in document["edges"]:
        own = [at for at, one in errors.items() if one["edge"] == [edge["maker"], edge["reader"]]]
        told.update(own)
        yield _edge_case(edge, [errors[at] for at in own])
    for at, finding in errors.items():
        if at not in told:
            place = finding["step"] or document["pipeline"]
            yield _Case(f"{place}: {finding['code']}", failure=_failure([finding]))
    if not document["counts"]["checks"]:
        said = "nothing was checked, which is no pass"
        yield _Case("something is checked", failure=(said, "", said))


def _edge_case(edge: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]) -> _Case:
    name = f"{edge['maker']} -> {edge['reader']}: {edge['dataset']}"
    if errors:
        return _Case(name, failure=_failure(errors))
    if edge["fit"] == "unknown" and edge["seen"] == "unseen":
        return _Case(name, skipped="no contract says anything about it, and nothing came this way")
    return _Case(name, out=f"contracts: {edge['fit']}; data: {edge['seen']}")


def _failure(errors: Sequence[Mapping[str, Any]]) -> tuple[str, str, str]:
    return errors[0]["what"], errors[0]["code"], "\n\n".join(map(finding_text, errors))


def _remarks(document: Mapping[str, Any]) -> Iterator[str]:
    yield from document["notes"]
    yield from (finding_text(one) for one in document["findings"] if one["severity"] != "error")


def finding_text(finding: Mapping[str, Any]) -> str:
    """Return a finding of a document as lines: what, where, what shows it, what to do."""
    edge = " -> ".join(finding["edge"] or ())
    labelled = (
        ("where", place_text(finding["where"])),
        ("step", finding["step"]),
        ("edge", edge),
        ("column", finding["column"]),
        ("shows", finding["evidence"].replace("\n", "\n         ")),
        ("fix", finding["fix"]),
        ("next", f"pipeproof help {finding['code']}"),
    )
    word = "" if finding["severity"] == "error" else f"{finding['severity']}: "
    lines = (f"  {label:<7}{text}" for label, text in labelled if text)
    return "\n".join((f"{finding['code']}  {word}{finding['what']}", *lines))


def place_text(where: Mapping[str, Any] | None) -> str:
    """Return a place of a document as ``file:line:column``."""
    if where is None:
        return ""
    return ":".join([where["file"], *(str(where[key]) for key in ("line", "column") if where[key])])


def _add_suite(root: ET.Element, suite: _Suite, began: str | None, number: int) -> None:
    element = ET.SubElement(root, "testsuite", _figures([suite], suite.name))
    element.set("skipped", str(suite.skipped))
    element.set("time", _seconds(suite.seconds))
    element.set("id", str(number))
    if began:
        element.set("timestamp", began)
    for case in suite.cases:
        _add_case(element, case, suite.name)
    if suite.out:
        ET.SubElement(element, "system-out").text = _text("\n".join(suite.out), _LONGEST_TEXT)


def _add_case(suite: ET.Element, case: _Case, classname: str) -> None:
    element = ET.SubElement(suite, "testcase", name=_text(case.name), classname=_text(classname))
    element.set("time", _seconds(case.seconds))
    if case.assertions is not None:
        element.set("assertions", str(case.assertions))
    if case.skipped:
        ET.SubElement(element, "skipped", message=_text(case.skipped))
    if case.failure is not None:
        message, kind, text = case.failure
        failure = ET.SubElement(element, "failure", message=_text(message), type=_text(kind or "failed"))
        failure.text = _text(text, _LONGEST_TEXT)
    if case.out:
        ET.SubElement(element, "system-out").text = _text(case.out, _LONGEST_TEXT)


def _figures(suites: Iterable[_Suite], name: str) -> dict[str, str]:
    counted = list(suites)
    return {
        "name": _text(name),
        "tests": str(sum(len(suite.cases) for suite in counted)),
        "failures": str(sum(suite.failures for suite in counted)),
        "errors": "0",
    }


def _text(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    """Return text that XML 1.0 can hold, cut where it is very long."""
    kept = text if len(text) <= longest else f"{text[:longest]} ... {len(text) - longest:,} characters more"
    return xml_text(kept)


def xml_text(text: str) -> str:
    """Return text with a mark in place of each character that XML 1.0 cannot hold."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _seconds(value: float | None) -> str:
    return f"{value or 0.0:.3f}"


def _timestamp(started_at: str | None) -> str | None:
    """Return a time in UTC without its zone, as the schema asks for."""
    if started_at is None:
        return None
    return dt.datetime.fromisoformat(started_at).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
