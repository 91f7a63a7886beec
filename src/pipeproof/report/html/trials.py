"""Trials as a matrix, step by scenario, with the cases of each: what failed is told, the rest folded away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeproof.report.html.findings import MOST as MOST_FINDINGS
from pipeproof.report.html.markup import Content, Markup, element
from pipeproof.report.html.parts import mark, more_than, section, symbol_of, tone_of
from pipeproof.report.html.view import Page, TrialRow
from pipeproof.report.quantities import count

MOST = 1_000
SCENARIOS = ("standard", "edge", "malformed")
_MOST_MARKS = 60
_SAYS = {
    "standard": "data as the contract describes them",
    "edge": "all that the contract allows and a sample would not show",
    "malformed": "one rule broken at a time; a clear refusal is right",
}


def draw_trials(page: Page) -> Markup | None:
    """Return the matrix; nothing for a run, which has no trials."""
    if not page.trials:
        return None
    trials = page.trials[:MOST]
    heads = [
        element("th", element("span", name), element("small", _SAYS[name]), scope="col", role="columnheader")
        for name in SCENARIOS
    ]
    corner = element("th", "Step alone", scope="col", role="columnheader")
    rows = [_row(step, trials) for step in dict.fromkeys(trial.step for trial in trials)]
    grid = element(
        "table",
        element("caption", "Trials by step and scenario", class_="heard"),
        element("thead", element("tr", corner, heads, role="row"), role="rowgroup"),
        element("tbody", rows, role="rowgroup"),
        class_="matrix",
        role="table",
    )
    return section("trials", "Trials", grid, more_than(MOST, len(page.trials), "trials"))


def _row(step: str, trials: Sequence[TrialRow]) -> Markup:
    own = [trial for trial in trials if trial.step == step]
    name = element("b", step) if step else element("span", "the whole pipeline", class_="whole")
    cells = [
        _cell(scenario, [trial for trial in own if trial.scenario == scenario]) for scenario in SCENARIOS
    ]
    return element("tr", element("th", name, scope="row", role="rowheader"), cells, role="row")


def _cell(scenario: str, trials: Sequence[TrialRow]) -> Markup:
    inner: Content = list(_told(trials)) if trials else element("span", "not tried", class_="dim")
    return element("td", inner, role="cell", data_label=scenario)


def _told(trials: Sequence[TrialRow]) -> Iterator[Content]:
    failed = [trial for trial in trials if trial.status == "failed"]
    unsaid = sum(trial.status == "unsaid" for trial in trials)
    skipped = sum(trial.status == "skipped" for trial in trials)
    ran = len(trials) - skipped - unsaid
    state = "failed" if failed else "passed" if ran else "unsaid" if unsaid else "skipped"
    yield element(
        "p",
        mark(state),
        " ",
        element("b", f"{ran - len(failed)} of {ran}") if ran else "says nothing" if unsaid else "none run",
        f", {skipped} skipped" if skipped and ran else None,
        class_="tally",
    )
    if len(trials) == 1 and not failed:
        yield element("p", _one(trials[0], says=False), class_="case")
        return
    if len(trials) > 1:
        yield _marks(trials)
    if failed:
        yield element("ul", list(_together(failed)))
    if rest := [trial for trial in trials if trial.status != "failed"]:
        cases = [element("li", _one(trial), class_="case") for trial in rest]
        what = "other case" if failed else "case"
        yield element("details", element("summary", count(len(rest), what)), element("ul", cases))


def _marks(trials: Sequence[TrialRow]) -> Markup:
    """Return a row of symbols, one a trial; for eyes alone, since the cases are told below."""
    marks = [
        element("span", symbol_of(trial.status), class_=tone_of(trial.status))
        for trial in trials[:_MOST_MARKS]
    ]
    more = "…" if len(trials) > _MOST_MARKS else None
    return element("p", marks, more, class_="marks", aria_hidden="true")


def _together(failed: Sequence[TrialRow]) -> Iterator[Markup]:
    """Yield failed trials, those that show the same fault together with the reason of the first."""
    same: dict[object, list[TrialRow]] = {}
    for trial in failed:
        same.setdefault(trial.findings or trial.why, []).append(trial)
    for trials in same.values():
        first = trials[0]
        others = [element("li", trial.says) for trial in trials[1:]]
        more = element(
            "details", element("summary", f"and {count(len(others), 'more case')}"), element("ul", others)
        )
        yield element("li", _one(first), more if others else None, class_="case")


def _one(trial: TrialRow, *, says: bool = True) -> Markup:
    """Return a trial in a line: its state and case, unless the cell says them already, why, and its finding."""
    case: list[Content] = [mark(trial.status), " ", trial.says, " — " if trial.why else None] if says else []
    at = next((one for one in trial.findings if one < MOST_FINDINGS), None)
    link: list[Content] = []
    if at is not None:
        link = [" ", element("a", f"finding {at + 1}", href=f"#finding-{at}")]
    return element("span", case, trial.why, link)
