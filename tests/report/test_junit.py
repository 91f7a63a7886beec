"""JUnit XML: read by any parser, in the shape that CI systems expect, and failing when the test does."""

import copy
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import Finding, Severity
from pipeproof.model.record import RunRecord
from pipeproof.model.trial import Edge, Trial, TrialResult, Verdict
from pipeproof.report import test_document as documents
from pipeproof.report.junit import junit_xml

# What the schema of Jenkins (junit-10.xsd) allows, of what a reader looks at.
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "id"},
    "testcase": {"name", "classname", "time", "assertions"},
    "failure": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase", "system-out"},
    "testcase": {"skipped", "failure", "system-out"},
    "failure": set(),
    "skipped": set(),
    "system-out": set(),
}


def parsed(document):
    return ET.fromstring(junit_xml(document).encode())


def cases(document):
    return {(case.get("classname"), case.get("name")): case for case in parsed(document).iter("testcase")}


@pytest.mark.parametrize("which", ["failing", "passing"])
def test_every_element_and_attribute_is_one_that_readers_know(which, request):
    for element in parsed(request.getfixturevalue(which)).iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN[element.tag]


@pytest.mark.parametrize("which", ["failing", "passing"])
def test_the_counts_are_those_of_the_cases(which, request):
    root = parsed(request.getfixturevalue(which))
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))
    assert int(root.get("tests")) == sum(int(suite.get("tests")) for suite in root)
    assert int(root.get("failures")) == sum(int(suite.get("failures")) for suite in root)


def test_each_step_has_a_suite_beside_those_of_contracts_and_of_the_whole(passing):
    assert [suite.get("name") for suite in parsed(passing)] == [
        "flights.contracts",
        "flights.isolation.clean",
        "flights.isolation.train",
        "flights.isolation.evaluate",
        "flights.pipeline",
    ]


def test_each_trial_is_a_case_with_its_time_and_checks(passing):
    case = cases(passing)["flights.isolation.clean", "standard"]
    assert (case.get("time"), case.get("assertions")) == ("0.034", "18")


def test_a_case_is_named_by_its_trial_without_its_step_and_by_what_is_tried(passing):
    trial = {**passing["trials"][1], "name": "clean.edge.1", "says": "no rows"}
    named = cases({**passing, "trials": [trial]})
    assert ("flights.isolation.clean", "edge.1: no rows") in named


def test_a_failed_trial_says_its_code_and_the_whole_finding(failing):
    failure = cases(failing)["flights_broken.isolation.clean", "edge/empty: empty in raw_flights"].find(
        "failure"
    )
    assert failure.get("message") == "ZeroDivisionError: division by zero"
    assert failure.get("type") == "PPF201"
    assert "where  scripts/clean.py:33" in failure.text
    assert "next   pipeproof help PPF201" in failure.text


def test_a_skipped_trial_says_why(passing):
    skipped = cases(passing)["flights.isolation.clean", "edge/huge: 10 M rows"].find("skipped")
    assert skipped.get("message") == "needs more memory than there is"


def test_a_broken_edge_is_a_failed_case_of_the_contracts(failing):
    case = cases(failing)["flights_broken.contracts", "extract -> clean: raw_flights"]
    assert case.find("failure").get("type") == "PPF303"


def test_an_error_that_no_trial_and_no_edge_shows_is_a_case_too(failing):
    assert cases(failing)["flights_broken.contracts", "clean: PPF305"].find("failure") is not None


def test_notes_and_warnings_are_said_and_fail_nothing(passing):
    root = parsed(passing)
    assert "PPF306  note: train reads" in root.find("testsuite/system-out").text
    assert root.get("failures") == "0"


def test_a_trial_that_was_refused_as_it_may_says_so(passing):
    case = cases(passing)["flights.isolation.clean", "malformed/type-flight: flight: type"]
    assert case.find("system-out").text == "refused: refused: column 'flight'"


def test_a_test_that_checked_nothing_fails():
    document = documents.test_document(Verdict("t", "p"), RunRecord("t", "p"))
    assert cases(document)["p.contracts", "something is checked"].find("failure") is not None


def test_the_time_of_a_suite_is_in_utc_without_a_zone(passing):
    stamp = parsed(passing)[0].get("timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", stamp)


def test_a_very_long_text_is_cut_and_says_so(failing):
    document = copy.deepcopy(failing)
    document["findings"][2]["what"] = "x" * 1_000_000
    assert len(junit_xml(document)) < 200_000
    assert "characters more" in junit_xml(document)


TEXTS = st.text(st.characters(codec=None), max_size=20)  # lone surrogates and control characters too
SEVERITIES = st.sampled_from(["error", "warning", "note"])


@st.composite
def verdicts(draw):
    """Verdicts as a judge gives them: what failed has a finding that says so."""
    steps = st.sampled_from(["a", "b", "c"])

    def finding(severity: Severity, step: str) -> Finding:
        edge = draw(st.none() | st.tuples(steps, steps))
        return Finding("PPF201", draw(TEXTS), severity=severity, step=step, edge=edge, evidence=draw(TEXTS))

    findings = [finding(draw(SEVERITIES), draw(steps)) for _ in range(draw(st.integers(0, 3)))]
    results = []
    for number in range(draw(st.integers(0, 4))):
        step = draw(steps)
        status = draw(st.sampled_from(["passed", "refused", "noted", "failed", "skipped"]))
        if status == "failed":
            findings.append(finding("error", step))
        trial = Trial(f"{number}", draw(st.sampled_from(["isolation", "pipeline"])), step)
        results.append(TrialResult(trial, status, draw(TEXTS), 0.1, draw(st.integers(0, 2))))
    edges = [Edge(draw(steps), draw(steps), draw(TEXTS)) for _ in range(draw(st.integers(0, 2)))]
    return Verdict("t", draw(TEXTS), tuple(results), tuple(edges), tuple(findings), notes=(draw(TEXTS),))


@given(verdicts())
def test_it_can_be_read_and_holds_a_failure_exactly_when_the_test_did_not_pass(verdict):
    document = documents.test_document(verdict, RunRecord("t", "p"))
    assert (int(parsed(document).get("failures")) > 0) is not bool(verdict)


def run_of(*steps):
    fields = {"seconds": 0.5, "why": "", "findings": [], "failure": None}
    return {
        "pipeline": "flights",
        "run": "r-1",
        "seconds": 1.0,
        "started_at": None,
        "notes": [],
        "steps": [{**fields, "name": name, "status": status, **more} for name, status, more in steps],
    }


def test_a_run_has_a_case_a_step():
    failure = {"type": "KeyError", "message": "'a'", "code": "PPF201", "traceback": "Traceback ..."}
    run = run_of(
        ("extract", "passed", {}),
        ("clean", "failed", {"failure": failure}),
        ("train", "blocked", {"why": "no"}),
    )
    found = cases(run)
    assert found["flights.run", "extract"].find("failure") is None
    assert found["flights.run", "clean"].find("failure").attrib == {
        "message": "KeyError: 'a'",
        "type": "PPF201",
    }
    assert found["flights.run", "train"].find("skipped").get("message") == "no"


def test_a_step_of_a_run_that_was_interrupted_has_not_passed():
    assert parsed(run_of(("extract", "interrupted", {}))).get("failures") == "1"
