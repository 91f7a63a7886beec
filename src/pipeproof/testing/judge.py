"""From the record of a test to its verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from pipeproof.errors import Finding
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.record import RunRecord, by_trial
from pipeproof.model.trial import Trial, TrialResult, Verdict
from pipeproof.running.worker import UNSEALED
from pipeproof.testing.edges import edges_of
from pipeproof.testing.seen import Seen, merge
from pipeproof.testing.showing import UNMADE
from pipeproof.testing.tried import ECHO, judge_alone
from pipeproof.testing.whole import judge_whole

NARROWED = frozenset({"nulls", "extremes", "categories"})
"""Edge cases that are about all columns at once."""
_ORDER = {"error": 0, "warning": 1, "note": 2}


def judge(
    record: RunRecord,
    pipeline: Pipeline,
    static: Sequence[Finding] = (),
    narrowed: RunRecord | None = None,
) -> Verdict:
    """Return the verdict on a test.

    Args:
        record: The record of the run that tried everything.
        pipeline: The pipeline that was tested.
        static: What contracts and files told before anything ran.
        narrowed: The record of the run that tried columns of failed trials one by one.
    """
    parts = by_trial(record, record.trials)
    judged = [judge_trial(trial, parts[trial.name], pipeline) for trial in record.trials]
    results = without_echoes([result for result, _ in judged])
    broken = _broken([result for result, _ in judged])
    seen = [item for _, items in judged for item in items if not _is_echo(item, broken)]
    blamed = _blamed(narrowed, pipeline) if narrowed is not None else []
    findings = [
        *static,
        *_unsealed(record),
        *_unmade(results),
        *merge(seen, Counter(result.trial.step for result in results), blamed),
    ]
    verdict = Verdict(
        record.run,
        record.pipeline,
        results,
        tuple(edges_of(pipeline, static, _whole(results, parts))),
        tuple(sorted(findings, key=lambda finding: _ORDER[finding.severity])),
        record.seconds + (narrowed.seconds if narrowed is not None else 0.0),
        record.notes,
    )
    if record.status == "interrupted":
        return replace(verdict, findings=(_interrupted(), *verdict.findings))
    return verdict if verdict.checks else replace(verdict, findings=(*verdict.findings, _nothing(verdict)))


def judge_trial(trial: Trial, part: RunRecord, pipeline: Pipeline) -> tuple[TrialResult, list[Seen]]:
    """Return what came of one trial, and what it showed."""
    if trial.skipped:
        return TrialResult(trial, "skipped", trial.skipped), []
    if trial.mode == "pipeline":
        return judge_whole(trial, part, pipeline)
    return judge_alone(trial, part, pipeline)


def _blamed(narrowed: RunRecord, pipeline: Pipeline) -> list[Seen]:
    parts = by_trial(narrowed, narrowed.trials)
    return [
        item
        for trial in narrowed.trials
        for item in judge_trial(trial, parts[trial.name], pipeline)[1]
        if item.finding.column
    ]


def _needs_narrowing(result: TrialResult) -> bool:
    """Say whether it is still to be found out which column made a trial fail."""
    case = result.trial.case
    return result.status == "failed" and case.scenario == "edge" and not case.column and case.name in NARROWED


def to_narrow(results: Sequence[TrialResult]) -> list[Trial]:
    """Return the trials whose columns are to be tried one by one: those of steps that ordinary data do not break."""
    broken = _broken(results)
    return [
        result.trial for result in results if _needs_narrowing(result) and result.trial.step not in broken
    ]


def without_echoes(results: Sequence[TrialResult]) -> tuple[TrialResult, ...]:
    """Return the results, where a step that fails on good data is not praised for refusing bad ones."""
    broken = _broken(results)
    return tuple(
        replace(result, status="unsaid", why=ECHO, checks=0)
        if result.trial.case.scenario == "malformed"
        and result.trial.step in broken
        and not result.trial.skipped
        else result
        for result in results
    )


def _broken(results: Iterable[TrialResult]) -> set[str]:
    return {
        result.trial.step
        for result in results
        if result.status == "failed" and result.trial.case.scenario == "standard"
    }


def _is_echo(item: Seen, broken: Collection[str]) -> bool:
    """Say whether bad data showed something of a step that fails on good data too."""
    return item.trial.case.scenario == "malformed" and item.trial.step in broken and not item.always


def _whole(results: Iterable[TrialResult], parts: Mapping[str, RunRecord]) -> RunRecord | None:
    """Return the record of the trial of the whole, if it says anything."""
    whole = (one.trial.name for one in results if one.trial.mode == "pipeline" and one.status != "skipped")
    return next((parts[name] for name in whole), None)


def _unmade(results: Iterable[TrialResult]) -> Iterator[Finding]:
    """Yield once each reason why no data could be made: what waits for them was not tested."""
    for why in dict.fromkeys(one.why for one in results if one.why.startswith(UNMADE)):
        yield Finding(
            "PPF309",
            why,
            severity="warning",
            fix="see what the contract asks for; report it if it can be kept",
        )


def _unsealed(record: RunRecord) -> Iterator[Finding]:
    """Yield once that trials could have touched the world, since this system cannot hold them off."""
    notes = (note for step in record.steps.values() for note in step.notes if note.startswith(UNSEALED))
    for note in islice(notes, 1):
        fix = "test on Linux with Landlock (5.13 and newer), or only what may touch what it likes"
        yield Finding("PPF610", f"trials were {note}", severity="warning", fix=fix)


def _interrupted() -> Finding:
    return Finding("PPF607", "the test was stopped before its end", fix="run it again")


def _nothing(verdict: Verdict) -> Finding:
    reasons = Counter(_reasons(verdict))
    return Finding(
        "PPF605",
        "nothing was checked",
        evidence="\n".join(reason for reason, _ in reasons.most_common(3)),
        fix="give steps a contract with the columns of their inputs and outputs",
    )


def _reasons(verdict: Verdict) -> Iterator[str]:
    for result in verdict.skipped:
        yield f"{result.trial.step or 'the whole pipeline'}: {result.why}"
