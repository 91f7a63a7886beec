"""The page: all that matters can be read in it, and whatever data and logs hold, nothing in it can run."""

import base64
import copy
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeproof.model.artifact import Artifact
from pipeproof.model.record import Checked, Failure, Frame, Measures, Metric, RunRecord, StepRecord
from pipeproof.model.trial import Verdict
from pipeproof.report import test_document as documents
from pipeproof.report.document import run_document
from pipeproof.report.html import html_page, write_html
from pipeproof.running.summary import summarise

VOID = {"meta", "br", "rect", "line", "path", "circle"}
TABLE = Artifact("table", "d", 1_200, "raw.parquet", 20, (("wind", "number"),))
FAILURE = Failure(
    "exception",
    "PPF201",
    "KeyError",
    "'wind'\nmore of it",
    (Frame("scripts/train.py", 41, "main", "X = table[FEATURES]"),),
    traceback="Traceback (most recent call last):\n  ...\nKeyError: 'wind'\n",
    fix="use another",
)
RUN = RunRecord(
    "r-1",
    "flights",
    "failed",
    {
        "raw": StepRecord(
            "raw", "source", "passed", 1, outputs={"raw": TABLE}, measures=Measures(0.4), started_at=1.5
        ),
        "train": StepRecord(
            "train",
            "script",
            "failed",
            1,
            metrics=(Metric("auc", 0.7),),
            measures=Measures(1.0, 0.9, 10_000_000),
            failure=FAILURE,
            notes=("a note",),
            needs=("raw",),
            reads=("raw",),
            started_at=2.0,
            checked=(Checked("raw", "input", 3, 20),),
        ),
        "score": StepRecord("score", "model", "blocked", why="waits for train", needs=("train",)),
    },
    parameters={"day": "2013-07-03"},
    started_at=1.0,
    seconds=2.5,
    about={"python": "3.11"},
)


class Reader(HTMLParser):
    """What a browser would find: tags with their attributes in order, texts, and what is left open."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.open = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"script", "style"}:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())

    @property
    def shape(self):
        return [(tag, sorted(attributes)) for tag, attributes in self.tags]


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def run():
    return run_document(summarise(RUN))


@pytest.fixture(params=["failing", "passing", "run"])
def document(request):
    return request.getfixturevalue(request.param)


def headings(page):
    return re.findall(r"<h2 [^>]*>([^<]+)</h2>", page)


# What it says.


def test_the_verdict_comes_first_in_one_word_and_one_sentence(failing):
    text = read(html_page(failing)).text
    assert "✗flights_broken failed" in text
    assert "8 problems in 5 steps. 4 of 118 trials did not end as they should." in text


def test_a_passed_test_says_how_much_was_looked_at(passing):
    text = read(html_page(passing)).text
    assert "✓flights passed" in text
    assert "118 trials ended as they should, and 624 checks held" in text


def test_a_test_that_checked_nothing_says_that_this_is_no_pass():
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


def test_a_run_uses_the_same_page_with_what_there_is(run):
    page = html_page(run)
    parts = ["Findings", "Graph", "Edges", "Timeline", "Steps", "Logs of failures", "Notes"]
    assert headings(page) == parts
    assert "train failed. 1 step after it could not run." in read(page).text


def test_every_finding_says_where_what_shows_it_and_what_to_do(failing):
    text = read(html_page(failing)).text
    for finding in failing["findings"]:
        assert finding["what"].replace("`", "") in text
        assert finding["fix"].replace("`", "") in text
        assert " ".join(finding["evidence"].split()) in text
        assert f"pipeproof help {finding['code']}" in text


def test_the_failing_line_of_code_stands_below_its_place(failing):
    assert "scripts/clean.py:33 33 │ share = late / len(rows)" in read(html_page(failing)).text


def test_a_finding_has_the_cause_of_its_own_column_and_of_no_other(failing):
    page = html_page(failing)
    cause = "clean read the column wind_speed and did not write it to clean_flights"
    first = page.index('id="finding-0"')
    assert page.count(cause) == 1
    assert first < page.index(cause) < page.index('id="finding-1"')


def test_a_line_of_evidence_that_is_the_failing_line_is_not_said_twice(failing):
    document = copy.deepcopy(failing)
    document["findings"][1]["evidence"] = (
        "share = late / len(rows)\nseen with ordinary data (3 of 40 scenarios)"
    )
    text = read(html_page(document)).text
    assert text.count("share = late / len(rows)") == 2  # at its place, and in the traceback
    assert "seen with ordinary data (3 of 40 scenarios) clean/edge/empty" in text.replace(
        "seenwith", "seen with"
    )


def test_cases_that_fail_in_the_same_way_are_told_together(failing):
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


def test_a_step_that_fails_in_the_same_way_in_many_trials_has_one_log(failing):
    document = copy.deepcopy(failing)
    alike = {**document["failures"][0], "trial": "other"}
    alike["failure"] = {**alike["failure"]}
    document["failures"] = [document["failures"][0], alike]
    page = html_page(document)
    assert page.count('class="log"') == 1
    assert "train in pipeline/standard and 1 more trial" in read(page).text


def test_a_failed_trial_leads_to_its_finding(failing):
    reader = read(html_page(failing))
    targets = {attributes.get("id") for _, attributes in reader.tags}
    links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
    assert "#finding-1" in links
    assert {link.removeprefix("#") for link in links} <= targets


def test_what_failed_in_a_run_is_a_finding_with_the_users_line(run):
    text = read(html_page(run)).text
    assert "train failed: KeyError: 'wind'" in text
    assert "scripts/train.py:41 41 │ X = table[FEATURES]" in text
    assert "use another" in text


def test_logs_are_there_without_the_colours_of_a_terminal(failing):
    text = read(html_page(failing)).text
    assert "WARNING no rows on 2013-07-03 <b>at all</b>" in text


def test_a_run_that_compares_no_contracts_has_no_column_for_them(run, passing):
    assert "Contracts" not in read(html_page(run)).text
    assert "Contracts" in read(html_page(passing)).text


def test_states_are_told_apart_by_symbols_and_words_as_well_as_by_colour(failing):
    reader = read(html_page(failing))
    assert {"✓", "✗", "⊘", "≠", "○"} <= set("".join(reader.texts))
    assert "refused clearly" in reader.text


def test_another_schema_is_refused():
    with pytest.raises(ValueError, match=r"pipeproof\.test/1"):
        html_page({"schema": "pipeproof.logs/1"})


def test_a_report_is_written_where_its_folder_is_made(tmp_path, passing):
    write_html(passing, tmp_path / "new" / "report.html")
    assert (tmp_path / "new" / "report.html").read_text("utf-8") == html_page(passing)


# That it needs nothing else and that nothing in it runs.


def test_the_page_asks_for_nothing_from_anywhere(document):
    reader = read(html_page(document))
    loading = {"src", "srcset", "action", "formaction", "data", "poster", "background", "style"}
    for tag, attributes in reader.tags:
        assert tag not in {"link", "iframe", "img", "object", "embed", "form", "base", "use", "image"}
        assert not loading & set(attributes)
        assert attributes.get("href", "#").startswith("#")
    assert "url(" not in html_page(document)
    assert "@import" not in html_page(document)


def test_the_browser_may_run_our_script_and_style_alone(document):
    page = html_page(document)
    policy = next(a["content"] for t, a in read(page).tags if a.get("http-equiv"))
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_the_script_makes_no_html_of_text():
    script = files("pipeproof.report.html").joinpath("page.js").read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", script)


NASTY = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</style><style>*{display:none}",
    "<!-- <svg/onload=alert(1)>",
    "]]></title></svg><iframe>",
    "&lt;b&gt;&#60;i&#62;",
    "\x00\x08\x0b\x1b[31m\x7f\x9b",
    "user\u202egnp.exe\u2066",
    "half \ud800 and \udfff",
    "\ufffe\uffff\U000e0001",
    "/etc/\x00passwd",
    "{{7*7}}${7*7}<%= 7 %>",
    "line\nline\r\nline\u2028line",
)
KEPT = {"schema", "status", "severity", "code", "kind", "mode", "scenario", "fit", "seen", "expect", "side"}


def rewritten(value, text, key=""):
    """Return a document in which every free text has another one at its end."""
    if isinstance(value, dict):
        free = key in {"outputs", "metrics", "params", "parameters", "about"}
        return {
            (name + text if free else name): rewritten(item, text, "" if free else name)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [rewritten(item, text, key) for item in value]
    if not isinstance(value, str) or not value or key in KEPT or key == "started_at":
        return value
    return value + text


def harmless(text):
    """Return a text of the same lines that holds nothing."""
    return "".join(character if character == "\n" else "x" for character in text)


def assert_nothing_is_added(document, text):
    page = html_page(rewritten(document, text))
    assert page.encode("utf-8")
    assert read(page).shape == read(html_page(rewritten(document, harmless(text)))).shape


@pytest.mark.parametrize("text", NASTY)
def test_hostile_text_everywhere_adds_no_element_and_no_attribute(text, run):
    assert_nothing_is_added(run, text)


def test_all_hostile_texts_together_add_nothing_to_any_page(document):
    assert_nothing_is_added(document, "".join(NASTY))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec=None, exclude_characters="`"), max_size=30))
def test_any_text_everywhere_adds_no_element_and_no_attribute(run, text):
    assert_nothing_is_added(run, text)


def test_no_character_that_steers_reaches_the_page(failing):
    page = html_page(rewritten(failing, "\x00\x1b\u202e\ud800\ufeff"))
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]", page)


def test_the_title_cannot_be_ended_by_the_name_of_a_pipeline(passing):
    page = html_page({**passing, "pipeline": "</title><script>alert(1)</script>"})
    assert [tag for tag, _ in read(page).tags].count("script") == 1


# That it stays small and quick.


def test_texts_of_a_megabyte_everywhere_leave_the_page_below_one(failing):
    assert len(html_page(rewritten(failing, "y" * 1_000_000)).encode()) < 1_000_000


def test_the_page_of_a_hundred_trials_is_far_below_a_megabyte(failing):
    assert len(html_page(failing).encode()) < 200_000


def test_the_page_is_written_in_less_than_half_a_second(failing):
    html_page(failing)  # the first one imports the engine of the layout
    began = perf_counter()
    html_page(failing)
    assert perf_counter() - began < 0.5


def test_of_thousands_of_steps_findings_and_trials_the_first_are_shown_and_the_rest_counted(failing):
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


# That people can read it.


def test_all_that_is_folded_away_can_be_unfolded_without_a_script(failing):
    reader = read(html_page(failing))
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("details") == tags.count("summary") > 0
    assert not any("hidden" in attributes for _, attributes in reader.tags)


def test_headings_tables_and_pictures_are_named_for_those_who_hear_the_page(document):
    reader = read(html_page(document))
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("table") == tags.count("caption")
    assert all(attributes.get("scope") for tag, attributes in reader.tags if tag == "th")
    for tag, attributes in reader.tags:
        assert tag != "svg" or attributes.get("role") == "img" or attributes.get("aria-hidden") == "true"


def test_no_two_elements_have_the_same_id_and_every_reference_has_its_element(document):
    reader = read(html_page(document))
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    referred = " ".join(attributes.get("aria-labelledby", "") for _, attributes in reader.tags).split()
    assert set(referred) <= set(ids)


def luminance(colour):
    """Return the relative luminance of a colour as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_every_colour_of_text_has_the_contrast_that_wcag_asks_for_in_light_dark_and_print():
    style = files("pipeproof.report.html").joinpath("page.css").read_text("utf-8")
    schemes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\n *\}", style, re.DOTALL)
    ]
    assert len(schemes) == 3
    for scheme in schemes:
        for text in ("ink", "soft", "good", "bad", "warn", "note", "dim"):
            for below in ("paper", "sheet"):
                assert contrast(scheme[text], scheme[below]) >= 4.5, (text, below, scheme)
        assert contrast(scheme["bad"], scheme["bad-sheet"]) >= 4.5


def test_the_document_is_what_the_page_is_made_from_and_plain_json(failing):
    assert html_page(json.loads(json.dumps(failing))) == html_page(failing)
