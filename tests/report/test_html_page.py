"""The page: all that matters is in it, first the verdict, and it stays small and quick."""

import copy
import json
import re
from time import perf_counter

import pytest

from pipeproof.model.record import RunRecord
from pipeproof.model.trial import Verdict
from pipeproof.report import test_document as documents
from pipeproof.report.html import html_page


def headings(page):
    return re.findall(r"<h2 [^>]*>([^<]+)</h2>", page)


# What it says.


def test_the_verdict_comes_first_in_one_word_and_one_sentence(failing, read):
    text = read(html_page(failing)).text
    assert "✗flights_broken failed" in text
    assert "8 problems in 5 steps. 4 of 118 trials did not end as they should." in text


def test_a_passed_test_says_how_much_was_looked_at(passing, read):
    text = read(html_page(passing)).text
    assert "✓flights passed" in text
    assert "118 trials ended as they should, and 624 checks held" in text


def test_a_test_that_checked_nothing_says_that_this_is_no_pass(read):
    document = documents.test_document(Verdict("t", "p"), RunRecord("t", "p"))
    assert "nothing checked is no pass" in read(html_page(document)).text


def test_the_parts_of_a_test_stand_in_the_order_of_their_weight(failing):
    assert headings(html_page(failing)) == [
        "Findings",
        "Graph",
        "Trials",
        "Edges",
        "Timeline",
        "Steps",
        "Quality",
        "Logs of failures",
        "Notes",
    ]


def test_a_run_uses_the_same_page_with_what_there_is(run, read):
    page = html_page(run)
    parts = ["Findings", "Graph", "Edges", "Timeline", "Steps", "Logs of failures", "Notes"]
    assert headings(page) == parts
    assert "train failed. 1 step after it could not run." in read(page).text


def test_what_a_run_was_made_with_stands_in_one_line(run, read):
    git = {"revision": "abcdef0123456789", "branch": "main", "dirty": True, "untracked": 0, "diff": "d1"}
    packages = {"count": 12, "digest": "d2"}
    made = run | {"about": {"python": "3.12.1", "git": git, "packages": packages}}
    assert "git abcdef0 + changes, python 3.12.1, 12 packages" in read(html_page(made)).text


def test_every_finding_says_where_what_shows_it_and_what_to_do(failing, read):
    text = read(html_page(failing)).text
    for finding in failing["findings"]:
        assert finding["what"].replace("`", "") in text
        assert finding["fix"].replace("`", "") in text
        assert " ".join(finding["evidence"].split()) in text
        assert f"pipeproof help {finding['code']}" in text


def test_the_failing_line_of_code_stands_below_its_place(failing, read):
    assert "scripts/clean.py:33 33 │ share = late / len(rows)" in read(html_page(failing)).text


def test_a_finding_has_the_cause_of_its_own_column_and_of_no_other(failing):
    page = html_page(failing)
    cause = "clean read the column wind_speed and did not write it to clean_flights"
    first = page.index('id="finding-0"')
    assert page.count(cause) == 1
    assert first < page.index(cause) < page.index('id="finding-1"')


def test_a_line_of_evidence_that_is_the_failing_line_is_not_said_twice(failing, read):
    document = copy.deepcopy(failing)
    document["findings"][1]["evidence"] = (
        "share = late / len(rows)\nseen with ordinary data (3 of 40 scenarios)"
    )
    text = read(html_page(document)).text
    assert text.count("share = late / len(rows)") == 2  # at its place, and in the traceback
    assert "seen with ordinary data (3 of 40 scenarios) clean/edge/empty" in text.replace(
        "seenwith", "seen with"
    )


def test_cases_that_fail_in_the_same_way_are_told_together(failing, read):
    document = copy.deepcopy(failing)
    document["trials"] = [
        {**trial, "says": f"case {number}"}
        for trial in failing["trials"]
        if trial["name"] == "clean/edge/empty"
        for number in range(3)
    ]
    text = read(html_page(document)).text
    assert (
        "✗failed case 0 — ZeroDivisionError: division by zero finding 2and 2 more casescase 1case 2" in text
    )


def test_a_step_that_fails_in_the_same_way_in_many_trials_has_one_log(failing, read):
    document = copy.deepcopy(failing)
    alike = {**document["failures"][0], "trial": "other"}
    alike["failure"] = {**alike["failure"]}
    document["failures"] = [document["failures"][0], alike]
    page = html_page(document)
    assert page.count('class="log"') == 1
    assert "train in pipeline/standard and 1 more trial" in read(page).text


def test_a_failed_trial_leads_to_its_finding(failing, read):
    reader = read(html_page(failing))
    targets = {attributes.get("id") for _, attributes in reader.tags}
    links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
    assert "#finding-1" in links
    assert {link.removeprefix("#") for link in links} <= targets


def test_what_failed_in_a_run_is_a_finding_with_the_users_line(run, read):
    text = read(html_page(run)).text
    assert "train failed: KeyError: 'wind'" in text
    assert "scripts/train.py:41 41 │ X = table[FEATURES]" in text
    assert "use another" in text


def test_logs_are_there_without_the_colours_of_a_terminal(failing, read):
    text = read(html_page(failing)).text
    assert "WARNING no rows on 2013-07-03 <b>at all</b>" in text


def test_a_run_that_compares_no_contracts_has_no_column_for_them(run, passing, read):
    assert "Contracts" not in read(html_page(run)).text
    assert "Contracts" in read(html_page(passing)).text


def test_states_are_told_apart_by_symbols_and_words_as_well_as_by_colour(failing, read):
    reader = read(html_page(failing))
    assert {"✓", "✗", "⊘", "≠", "○"} <= set("".join(reader.texts))
    assert "refused clearly" in reader.text


def test_another_schema_is_refused():
    with pytest.raises(ValueError, match=r"pipeproof\.test/1"):
        html_page({"schema": "pipeproof.logs/1"})


# That it stays small and quick.


def test_the_page_of_a_hundred_trials_is_far_below_a_megabyte(failing):
    assert len(html_page(failing).encode()) < 200_000


def test_the_page_is_written_in_less_than_half_a_second(failing):
    html_page(failing)  # the first one imports the engine of the layout
    began = perf_counter()
    html_page(failing)
    assert perf_counter() - began < 0.5


def test_of_thousands_of_steps_findings_and_trials_the_first_are_shown_and_the_rest_counted(failing, read):
    document = copy.deepcopy(failing)
    step, finding, trial = (document[key][0] for key in ("steps", "findings", "trials"))
    document["steps"] = [{**step, "name": f"s{n}"} for n in range(5_000)]
    document["findings"] = [finding] * 5_000
    document["trials"] = [{**trial, "findings": []}] * 5_000
    document["edges"] = []
    page = html_page(document)
    assert len(page.encode()) < 1_000_000
    text = read(page).text
    assert "4,900 more findings" in text
    assert "too many for a picture" in text


def test_the_document_is_what_the_page_is_made_from_and_plain_json(failing):
    assert html_page(json.loads(json.dumps(failing))) == html_page(failing)
