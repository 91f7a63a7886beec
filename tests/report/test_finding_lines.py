"""Findings as lines, as a person reads them after `pipeproof check`."""

from pipeproof.errors import Finding, Location
from pipeproof.report.findings import counted, finding_block, finding_lines


def test_findings_are_aligned_and_counted():
    found = [
        Finding(
            "PPF103",
            "unknown key 'depend_on' in step 'train'",
            Location("flights.yaml", 14, 7),
            fix="did you mean 'depends_on'?",
        ),
        Finding("PPF131", "${ACCOUNT} has no value", Location("auth.yaml", 5, 12), fix="export it"),
    ]
    assert list(finding_block(found, tail="nothing was run")) == [
        "flights.yaml:14:7  PPF103  unknown key 'depend_on' in step 'train'; did you mean 'depends_on'?",
        "auth.yaml:5:12     PPF131  ${ACCOUNT} has no value; export it",
        "2 problems in 2 files · nothing was run · pipeproof help PPF103",
    ]


def test_evidence_stands_below_the_text_it_belongs_to():
    finding = Finding(
        "PPF152", "does not fit", Location("a.yaml", 1), evidence="delay: missing\nallowed by one"
    )
    first, second, third = finding_lines(finding)
    assert second.index("delay") == first.index("does not fit") == third.index("allowed")


def test_a_finding_without_a_place_stands_under_the_places_of_others():
    lines = list(
        finding_block([Finding("PPF103", "x", Location("a.yaml", 1, 2)), Finding("PPF120", "circle")])
    )
    assert lines[1].index("PPF120") == lines[0].index("PPF103")


def test_findings_that_all_have_no_place_begin_with_their_code():
    assert next(finding_block([Finding("PPF504", "there is no run 'x'")])) == "PPF504  there is no run 'x'"


def test_one_long_path_does_not_push_the_others_away():
    found = [
        Finding("PPF101", "x", Location("d/" * 100 + "a.yaml", 1)),
        Finding("PPF101", "y", Location("b.yaml", 1)),
    ]
    assert list(finding_block(found))[1].index("PPF101") < 80


def test_a_warning_is_called_one_and_counted_apart():
    found = [Finding("PPF101", "x"), Finding("PPF122", "y", severity="warning")]
    assert counted(found) == "1 problem, 1 warning"
    assert list(finding_block(found))[1] == "PPF122  warning: y"


def test_help_is_offered_for_an_error_before_a_warning():
    found = [Finding("PPF122", "y", severity="warning"), Finding("PPF101", "x")]
    assert list(finding_block(found))[-1].endswith("pipeproof help PPF101")


def test_a_path_below_the_current_folder_is_shown_relative_to_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = next(finding_lines(Finding("PPF144", "x", Location(str(tmp_path / "scripts" / "a.py"), 3))))
    assert line.startswith("scripts/a.py:3  PPF144")


def test_nothing_found_says_nothing():
    assert list(finding_block([])) == []
