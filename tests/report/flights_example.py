"""Two tests of a pipeline like flights, as values: one healthy, one with eight defects; also for the bench."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pipeproof.errors import Finding, Location
from pipeproof.model.artifact import Artifact
from pipeproof.model.outcome import Checked, Failure, Frame, Measures, Metric
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.model.trial import Case, Edge, Trial, TrialResult, Verdict

BEGAN = 1_795_300_000.0
WHOLE = Trial("pipeline/standard", "pipeline", case=Case(says="made data whose keys fit together"))


@dataclass(frozen=True)
class Part:
    """One step of the example: what it reads and makes, and what it took."""

    name: str
    kind: str
    reads: tuple[str, ...]
    makes: str
    rows: int
    begins: float
    takes: float
    memory: int | None = None
    size: int = 120_000


PARTS = (
    Part("flights", "synthetic", (), "flights", 27_004, 0.0, 0.4, size=1_900_000),
    Part("weather", "synthetic", (), "weather", 8_712, 0.0, 0.2, size=310_000),
    Part("planes", "synthetic", (), "planes", 3_322, 0.1, 0.1, size=88_000),
    Part("airports", "synthetic", (), "airports", 1_458, 0.1, 0.1, size=61_000),
    Part(
        "extract", "sql", ("flights", "weather", "planes", "airports"), "raw_flights", 27_004, 0.5, 0.9, None
    ),
    Part("clean", "script", ("raw_flights",), "clean_flights", 26_398, 1.4, 1.9, 212_000_000),
    Part("features", "transform", ("clean_flights",), "features", 26_398, 3.3, 0.1),
    Part("today", "transform", ("features",), "today", 986, 3.5, 0.05),
    Part("train", "script", ("features",), "train.model", 0, 3.5, 4.3, 402_000_000, 91_000),
    Part("score", "model", ("train.model", "today"), "predictions", 986, 7.8, 0.3),
    Part("evaluate", "script", ("predictions", "flights"), "metrics", 12, 8.1, 0.8, 97_000_000, 2_100),
    Part("publish", "files", ("predictions",), "published", 0, 8.1, 0.02, size=61_000),
)
MAKERS = {part.makes: part.name for part in PARTS}

FINDINGS = (
    Finding(
        "PPF312",
        "clean dropped the column wind_speed: it wrote wind_spd, and train reads wind_speed",
        Location("scripts/clean.py", 28, 9),
        step="clean",
        edge=("clean", "train"),
        column="wind_speed",
        evidence="scripts/train.py:41  X = table[FEATURES]\nKeyError: 'wind_speed'",
        fix="rename it back in clean, or list wind_spd in FEATURES of train",
    ),
    Finding(
        "PPF201",
        "clean does not survive an empty table: ZeroDivisionError: division by zero",
        Location("scripts/clean.py", 33),
        step="clean",
        evidence="smallest failing input: 0 rows x 12 columns\ntrial clean/edge/empty",
        fix="return early when the table has no rows, or refuse it: `refuses: [empty]`",
    ),
    Finding(
        "PPF303",
        "raw_flights, written by extract: column 'arr_delay' breaks 'nullable: false' of clean in 430 of "
        "27,004 rows",
        step="clean",
        edge=("extract", "clean"),
        column="arr_delay",
        evidence="row 471: null\nrow 512: null\nrow 799: null",
        fix="fill or drop them in extract, or allow nulls in the contract of clean",
    ),
    Finding(
        "PPF302",
        "extract promises 'flight' as string, and features reads it as integer",
        Location("configs/workflows/flights_broken.yaml", 58, 11),
        step="features",
        edge=("extract", "features"),
        column="flight",
        evidence="a row that extract may write and features refuses: flight = 'UA1545'",
        fix="CAST(f.flight AS INTEGER) in the query of extract",
    ),
    Finding(
        "PPF207",
        "evaluate promises the output 'report' and never writes it",
        Location("scripts/evaluate.py", 12),
        step="evaluate",
        fix="write it to output_paths['report'], or mark it `required: false`",
    ),
    Finding(
        "PPF303",
        "score gives late_probability up to 71.4, and the contract says range [0, 1]: looks like a share in percent",
        step="score",
        edge=("score", "evaluate"),
        column="late_probability",
        evidence="row 3: 71.4\nrow 5: 22.0\nrow 6: 12.9",
        fix="divide by 100 where it is made: the unit changed",
    ),
    Finding(
        "PPF305",
        "clean loses 41 % of the rows in its join with planes: 27,004 rows came, 15,932 went on",
        Location("scripts/clean.py", 51),
        step="clean",
        column="tailnum",
        evidence="11,072 rows have a tailnum that planes does not know, for example N3ALAA",
        fix="join with how='left', or say in the contract that rows may be lost",
    ),
    Finding(
        "PPF201",
        "train fails on the category 'LGA' of origin, which its encoder has never seen",
        Location("scripts/train.py", 63, 18),
        step="train",
        column="origin",
        evidence="ValueError: Found unknown categories ['LGA'] in column 0 during transform",
        fix="OneHotEncoder(handle_unknown='ignore'), or list the categories in the encoder",
    ),
    Finding(
        "PPF303",
        "clean lets a negative distance through, which its contract does not refuse",
        severity="warning",
        step="clean",
        column="distance",
        evidence="distance = -1.0 came out as it went in",
        fix="add `above: 0` to the contract of its output",
    ),
    Finding(
        "PPF306",
        "train reads the environment variable TRAIN_THREADS, which its contract does not name",
        severity="note",
        step="train",
        fix="add it under `environment:`",
    ),
)

COLUMNS = ("flight", "carrier", "origin", "dest", "distance", "tailnum", "dep_delay", "arr_delay", "late")
EDGES = ("nulls", "extremes", "empty", "one_row", "duplicates", "categories")
BREAKS = ("missing_column", "type", "nullable", "minimum")


def trials_of(step: str, dataset: str) -> Iterator[Trial]:
    """Yield the 40 trials of one step alone."""
    yield Trial(f"{step}/standard", "isolation", step, dataset=dataset)
    for edge in EDGES:
        case = Case("edge", edge, says=f"{edge} in {dataset}")
        yield Trial(f"{step}/edge/{edge}", "isolation", step, case, dataset)
    for name in BREAKS:
        for column in COLUMNS[:8]:
            case = Case("malformed", name, column, f"{column}: {name}")
            yield Trial(f"{step}/malformed/{name}-{column}", "isolation", step, case, dataset, "note")
    yield Trial(
        f"{step}/edge/huge",
        "isolation",
        step,
        Case("edge", "huge", says="10 M rows"),
        dataset,
        skipped="needs more memory than there is",
    )


TRIALS: tuple[Trial, ...] = (
    WHOLE,
    *trials_of("clean", "raw_flights"),
    *trials_of("train", "features"),
    *trials_of("evaluate", "predictions"),
)
FAILED: Mapping[str, tuple[str, Failure]] = {
    "clean/edge/empty": (
        "ZeroDivisionError: division by zero",
        Failure(
            "exception",
            "PPF201",
            "ZeroDivisionError",
            "division by zero",
            (
                Frame("scripts/clean.py", 12, "main", "cleaned = drop_hopeless(raw)"),
                Frame("scripts/clean.py", 33, "drop_hopeless", "share = late / len(rows)"),
            ),
            permanent=True,
            traceback="Traceback (most recent call last):\n"
            '  File "scripts/clean.py", line 12, in main\n    cleaned = drop_hopeless(raw)\n'
            '  File "scripts/clean.py", line 33, in drop_hopeless\n    share = late / len(rows)\n'
            "            ~~~~~^~~~~~~~~~~\nZeroDivisionError: division by zero\n",
        ),
    ),
    "train/edge/categories": (
        "ValueError: Found unknown categories ['LGA'] in column 0 during transform",
        Failure(
            "exception",
            "PPF201",
            "ValueError",
            "Found unknown categories ['LGA'] in column 0 during transform",
            (Frame("scripts/train.py", 63, "fit", "encoded = encoder.transform(table[['origin']])"),),
            permanent=True,
            traceback='Traceback (most recent call last):\n  File "scripts/train.py", line 63, in fit\n'
            "    encoded = encoder.transform(table[['origin']])\nValueError: Found unknown categories ['LGA']\n",
        ),
    ),
    "evaluate/standard": (
        "the output 'report' was not written",
        Failure("output", "PPF207", "", "the output 'report' was not written", permanent=True),
    ),
    "pipeline/standard": (
        "train failed: KeyError: 'wind_speed'",
        Failure(
            "exception",
            "PPF201",
            "KeyError",
            "'wind_speed'",
            (Frame("scripts/train.py", 41, "main", "X = table[FEATURES]"),),
            permanent=True,
            traceback="Traceback (most recent call last):\n"
            "  File \"scripts/train.py\", line 41, in main\n    X = table[FEATURES]\nKeyError: 'wind_speed'\n",
        ),
    ),
}
LOG = (
    b"2026-11-21 22:10:04 INFO  reading raw_flights: 0 rows\n"
    b"2026-11-21 22:10:04 \x1b[33mWARNING\x1b[0m no rows on 2013-07-03 <b>at all</b>\n"
    b"Traceback (most recent call last):\n  ...\n"
)


def step_record(part: Part, *, broken: bool) -> StepRecord:
    """Return what became of one step in the whole pipeline."""
    status = "passed"
    if broken and part.name in {"train", "score", "evaluate", "publish"}:
        status = "failed" if part.name == "train" else "blocked"
    needs = tuple(MAKERS[name] for name in part.reads)
    if status == "blocked":
        return StepRecord(part.name, part.kind, "blocked", why="train failed", needs=needs, reads=part.reads)
    wind = () if broken and part.name in {"clean", "features"} else ("wind_speed",)
    columns = tuple((name, "integer") for name in (*COLUMNS, *wind))
    table = Artifact("table", f"d-{part.makes}", part.size, f"{part.makes}.parquet", part.rows, columns)
    made = table if part.rows else Artifact("file", f"d-{part.makes}", part.size, part.makes)
    return StepRecord(
        part.name,
        part.kind,
        status,  # type: ignore[arg-type]  # one of the literals
        1,
        outputs={part.makes: made} if status == "passed" else {},
        metrics=(Metric("auc", 0.74),) if part.name == "train" and status == "passed" else (),
        measures=Measures(part.takes, part.takes * 0.9, part.memory),
        failure=FAILED[WHOLE.name][1] if status == "failed" else None,
        logs=("pipeline.train.1.log",) if status == "failed" else (),
        needs=needs,
        reads=part.reads,
        started_at=BEGAN + part.begins,
        checked=tuple(Checked(name, "input", 12, part.rows) for name in part.reads),
    )


def inside(trial: str, step: StepRecord) -> StepRecord:
    """Return the record of a step as a task of a trial."""
    return replace(step, name=f"{trial}/{step.name}", needs=tuple(f"{trial}/{need}" for need in step.needs))


def record_of(*, broken: bool) -> RunRecord:
    """Return the record of the test, healthy or not."""
    steps = [inside(WHOLE.name, step_record(part, broken=broken)) for part in PARTS]
    for trial in TRIALS[1:]:
        failure = FAILED[trial.name][1] if broken and trial.name in FAILED else None
        log = (f"{trial.name.replace('/', '.')}.1.log",) if failure else ()
        one = StepRecord(
            trial.step,
            "script",
            "failed" if failure else "passed",
            1,
            failure=failure,
            logs=log,
            measures=Measures(0.02),
            started_at=BEGAN,
        )
        if not trial.skipped:
            steps.append(inside(trial.name, one))
    return RunRecord(
        "t-0712-k3",
        "flights_broken" if broken else "flights",
        "failed" if broken else "passed",
        {step.name: step for step in steps},
        started_at=BEGAN,
        seconds=11.8,
        trials=TRIALS,
    )


def result_of(trial: Trial, *, broken: bool) -> TrialResult:
    """Return what came of one trial."""
    seconds = 0.02 + 0.001 * len(trial.name)
    if trial.skipped:
        return TrialResult(trial, "skipped", trial.skipped)
    if broken and trial.name in FAILED:
        return TrialResult(trial, "failed", FAILED[trial.name][0], seconds, 3)
    if trial.case.scenario == "malformed":
        if trial.case.name == "minimum" and trial.case.column == "distance":
            return TrialResult(trial, "noted", "took it, and its output keeps its contract", seconds, 14)
        return TrialResult(trial, "refused", f"refused: column '{trial.case.column}'", seconds, 2)
    return TrialResult(trial, "passed", "", 8.8 if trial is WHOLE else seconds, 18)


def edges_of(*, broken: bool) -> Iterator[Edge]:
    """Yield what was seen on each edge."""
    bad = {("extract", "clean"), ("clean", "train"), ("score", "evaluate")} if broken else set()
    for part in PARTS:
        for dataset in part.reads:
            maker = MAKERS[dataset]
            rows = next(one.rows for one in PARTS if one.name == maker)
            lost = broken and part.name in {"score", "evaluate", "publish"} and maker != "flights"
            seen = "unseen" if lost else "broken" if (maker, part.name) in bad else "holds"
            fit = "differs" if broken and part.name == "features" else "fits" if rows else "unknown"
            quality = None if lost or not rows else 0.97 - 0.004 * PARTS.index(part)
            yield Edge(maker, part.name, dataset, fit, seen, None if lost or not rows else rows, quality)  # type: ignore[arg-type]  # literals


def example(*, broken: bool) -> tuple[Verdict, RunRecord]:
    """Return a test of flights: its verdict and its record."""
    record = record_of(broken=broken)
    verdict = Verdict(
        record.run,
        record.pipeline,
        tuple(result_of(trial, broken=broken) for trial in TRIALS),
        tuple(edges_of(broken=broken)),
        FINDINGS if broken else FINDINGS[-1:],
        11.8,
        ("publish was not let out: its target led to a folder of the test",),
    )
    return verdict, record


def log_of(name: str) -> bytes:
    """Return a log of the example."""
    return LOG if name.startswith("clean") else b""
