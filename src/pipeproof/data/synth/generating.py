"""Tables made from contracts: several at once whose keys fit together, as lazy frames or as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from polars.io.plugins import register_io_source

from pipeproof.data.cases import edge_cases, malformed_cases
from pipeproof.data.contract_files import read_contracts
from pipeproof.data.synth.design import MIXED
from pipeproof.data.synth.parents import Made
from pipeproof.data.synth.profiled import FEWEST, fitted, like
from pipeproof.data.synth.scenarios import Scenario, applied, read_scenarios, scenario_named
from pipeproof.data.synth.seeds import Block, blocks
from pipeproof.data.synth.spoil import LABEL, case_label, row_cases
from pipeproof.data.synth.table import AROUND, Recipe
from pipeproof.errors import Finding, Location, UsageError, suggest
from pipeproof.model.contract import TableSchema, frozen
from pipeproof.model.trial import SIZES, STANDARD

if TYPE_CHECKING:
    from pipeproof.data.profiling.profile import Profile

ROWS = SIZES["small"]
"""Rows of a table unless a number or a size is given."""
_AGE = "age"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made.

    Attributes:
        rows: Rows of each table; those of the scenario, or 1,000, unless given.
        scenario: Name of a scenario.
        seed: Seed of all that is drawn.
        around: Last day of dates without bounds.
        label: Whether a column says which rule a malformed row breaks.
        profile: Profile of real data or the file of one, or several; each is for the table of its name, a single
            one for a single table of any name. Or a mapping of tables to profiles.
        fewest: How often a value of a category must come in the real data to come in made ones.
        scenarios: File with scenarios.
        threads: How many blocks are made at once.
    """

    rows: int | None = None
    scenario: str = "standard"
    seed: int = 0
    around: dt.date | None = None
    label: bool = False
    profile: Any = None
    fewest: int = FEWEST
    scenarios: str | Path | None = None
    threads: int = 1


@dataclass(frozen=True, slots=True)
class MadeTable:
    """A table that can be made, any block of it alone.

    Attributes:
        name: Its name.
        recipe: How it is made.
        schema: The contract it is made from, as a scenario changes it.
        scenario: The scenario.
        labels: Whether it has the column of labels.
    """

    name: str
    recipe: Recipe
    schema: TableSchema
    scenario: Scenario
    labels: bool = False

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.recipe.rows

    @property
    def broken(self) -> tuple[str, ...]:
        """The rules that its rows break, one row each, by the names that labels have."""
        if self.recipe.case.scenario != "malformed":
            return ()
        if self.recipe.case.name != MIXED:
            return (case_label(self.recipe.case),)
        first = self.recipe.block(Block(0, 0, min(self.rows, next(iter(blocks(self.rows))).rows)))
        return tuple(label for label in first[LABEL].to_list() if label is not None)

    @property
    def unshown(self) -> tuple[str, ...]:
        """The rules that one bad row among good ones cannot break."""
        if self.recipe.case.scenario != "malformed" or self.recipe.case.name != MIXED:
            return ()
        shown = {case_label(case) for case in row_cases(self.schema)}
        return tuple(label for label in map(case_label, malformed_cases(self.schema)) if label not in shown)

    def frame(self, threads: int = 1) -> pl.LazyFrame:
        """Return the table as a lazy frame that is made block by block when it is read."""
        schema = self._block(Block(0, 0, 0), None).schema

        def source(
            columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _size: int | None
        ) -> Iterator[pl.DataFrame]:
            left = self.rows if rows is None else min(rows, self.rows)
            for block in self.blocks(columns, threads):
                part = block.head(left)
                left -= part.height
                yield part if predicate is None else part.filter(predicate)
                if left <= 0:
                    return

        return register_io_source(source, schema=schema, validate_schema=False)

    def blocks(self, only: Sequence[str] | None = None, threads: int = 1) -> Iterator[pl.DataFrame]:
        """Yield its blocks in their order, some of them made at once."""
        numbered = blocks(self.rows)
        if threads <= 1:
            for block in numbered:
                yield self._block(block, only)
            return
        with ThreadPoolExecutor(threads) as pool:
            waiting = [pool.submit(self._block, block, only) for block in islice(numbered, threads * 2)]
            while waiting:
                first: Future[pl.DataFrame] = waiting.pop(0)
                waiting += [pool.submit(self._block, block, only) for block in islice(numbered, 1)]
                yield first.result()

    def _block(self, block: Block, only: Sequence[str] | None) -> pl.DataFrame:
        whole = self.recipe.case.scenario == "malformed"
        found = self.recipe.block(block, None if whole else only)
        if LABEL in found.columns and not self.labels:
            found = found.drop(LABEL)
        return found if only is None else found.select(only)


@dataclass(frozen=True, slots=True)
class MadeData:
    """Tables that are made together.

    Attributes:
        tables: The tables by name, those that others refer to before them.
        wanted: What was asked for.
        notes: What is to be told.
    """

    tables: Mapping[str, MadeTable]
    wanted: Wanted
    notes: tuple[Finding, ...] = field(default=())


def generate(
    contract: Any,
    rows: int | None = None,
    *,
    scenario: str = "standard",
    seed: int = 0,
    dataset: str | None = None,
    **options: Any,
) -> pl.LazyFrame | dict[str, pl.LazyFrame]:
    """Return made tables as lazy frames; nothing is made before they are read, and never all of it at once.

    The same contract, seed and version of the generator give the same values, whatever is read of them.

    Args:
        contract: A contract file or several; a `TableSchema`, or a mapping of such.
        rows: Rows of each table; 1,000 unless given, or what the scenario says.
        scenario: standard, edge, malformed or large; `edge:nulls` or `malformed:price.minimum` for one case
            alone; or the name of a scenario in `scenarios`.
        seed: Seed of all that is drawn.
        dataset: The only table that is wanted; those that it refers to are made with it.
        **options: Other fields of `Wanted`: around, label, profile, fewest, scenarios, threads.

    Returns:
        The table; a dictionary of them where there are several.

    Raises:
        ConfigError: A contract or a file of scenarios is wrong.
        UsageError: There is no such scenario or dataset.
        ContractError: The contract asks for what cannot be made.
    """
    made = prepare(contract, Wanted(rows, scenario, seed, **options), dataset)
    frames = {name: table.frame(made.wanted.threads) for name, table in made.tables.items()}
    return next(iter(frames.values())) if len(frames) == 1 else frames


def prepare(contract: Any, wanted: Wanted, dataset: str | None = None) -> MadeData:
    """Return the tables of a contract, ready to be made.

    Raises:
        ConfigError: A contract or a file of scenarios is wrong.
        UsageError: There is no such scenario or dataset.
        ContractError: The contract asks for what cannot be made.
    """
    schemas = _schemas(contract)
    if dataset is not None and dataset not in schemas:
        what = f"there is no contract of a table {dataset!r}"
        raise UsageError(Finding("PPF315", what, fix=suggest(dataset, schemas)))
    known = read_scenarios(wanted.scenarios) if wanted.scenarios is not None else {}
    chosen = schemas if dataset is None else {dataset: schemas[dataset]}
    scenario = scenario_named(wanted.scenario, chosen.values(), known)
    notes: list[Finding] = []
    recipes: dict[str, Recipe] = {}
    shapes: dict[str, TableSchema] = {}
    profiles = _profiles(wanted.profile, schemas, chosen)
    order, before = _ordered(schemas, notes)
    for name in order:
        parents = {parent: recipes[parent] for parent in before[name]}
        own = _own(scenario, schemas[name]) if name in chosen else Scenario("standard", rows=scenario.rows)
        asked = replace(wanted, profile=profiles.get(name))
        recipes[name], shapes[name] = _recipe(name, schemas[name], own, asked, parents, notes)
    for name in _cyclic(schemas, before):
        others = {parent: recipes[parent].outline for parent in _parents(schemas[name]) if parent in recipes}
        recipes[name] = replace(recipes[name], parents=frozen({**others, **recipes[name].parents}))
    labels = wanted.label and scenario.case.scenario == "malformed"
    tables = {
        name: MadeTable(name, recipes[name], shapes[name], scenario, labels)
        for name in order
        if name in chosen
    }
    for table in tables.values():
        table.recipe.given  # noqa: B018 what cannot be made is told before anything is
        notes += _fewer(table)
    return MadeData(frozen(tables), wanted, tuple(notes))


def _own(scenario: Scenario, schema: TableSchema) -> Scenario:
    """Return a scenario for one table: a case of another table is none of its own."""
    case = scenario.case
    if case.name == MIXED or case.scenario == "standard":
        return scenario
    own = (*edge_cases(schema), *malformed_cases(schema))
    is_own = any((case.scenario, case.name, case.column) == (c.scenario, c.name, c.column) for c in own)
    return scenario if is_own or case.column in schema.names else replace(scenario, case=STANDARD)


def _recipe(
    name: str,
    schema: TableSchema,
    scenario: Scenario,
    wanted: Wanted,
    parents: Mapping[str, Recipe],
    notes: list[Finding],
) -> tuple[Recipe, TableSchema]:
    changed, gaps, told = applied(scenario, schema)
    notes += told
    give: Callable[..., Any] | None = None
    around = wanted.around or (dt.datetime.now(dt.UTC).date() if _is_aged(schema) else AROUND)
    rows = wanted.rows if wanted.rows is not None else scenario.rows if scenario.rows is not None else ROWS
    profile: Profile | None = wanted.profile
    if profile is not None:
        changed = fitted(changed, profile, rows, around)
        give = like(profile, changed, wanted.fewest)
    made: Mapping[str, pl.DataFrame | Made] = frozen(dict(parents))
    return Recipe(changed, scenario.case, rows, wanted.seed, name, around, made, give, frozen(gaps)), changed


def _is_aged(schema: TableSchema) -> bool:
    """Say whether a contract asks how old values are: then dates end today."""
    return any(each.measure == _AGE for each in schema.statistics)


def _profiles(given: Any, tables: Collection[str], chosen: Collection[str]) -> dict[str, Profile]:
    """Return profiles by the tables that they are for: those of their names; a single one for a single table.

    Raises:
        ConfigError: A file holds no profile.
        UsageError: A profile is of no table, or two are of one.
    """
    from pipeproof.data.profiling.profile import Profile, read_profile

    if given is None:
        return {}
    if isinstance(given, Mapping):
        named = list(given.items())
    else:
        named = [(None, each) for each in ([given] if isinstance(given, str | Path | Profile) else given)]
    found: dict[str, Profile] = {}
    problems: list[Finding] = []
    for name, each in named:
        profile = each if isinstance(each, Profile) else read_profile(each)
        table = profile.name if name is None else name
        if name is None and table not in tables and len(named) == len(chosen) == 1:
            table = next(iter(chosen))
        place = None if isinstance(each, Profile) else Location(str(each))
        if table not in tables:
            what = f"a profile is of {table!r}, of which no contract is given"
            fix = f"its `name` says which table it is for; {suggest(table, tables)}"
            problems.append(Finding("PPF350", what, place, fix=fix))
        elif table in found:
            what = f"another profile is of {table!r} too"
            problems.append(Finding("PPF350", what, place, dataset=table, fix="give one for each table"))
        found[table] = profile
    if problems:
        raise UsageError(*problems)
    return found


def _schemas(contract: Any) -> dict[str, TableSchema]:
    if isinstance(contract, TableSchema):
        return {contract.name or "table": contract}
    if isinstance(contract, Mapping):
        return dict(contract)
    paths = [contract] if isinstance(contract, str | Path) else list(contract)
    found: dict[str, TableSchema] = {}
    for path in paths:
        for name, schema in read_contracts(path).items():
            if name in found:
                what = f"two contracts are of a table {name!r}"
                raise UsageError(Finding("PPF350", what, fix="give one of them, or another `name:`"))
            found[name] = schema
    return found


def _parents(schema: TableSchema) -> list[str]:
    return list(dict.fromkeys(c.references.dataset for c in schema.columns if c.references is not None))


def _ordered(
    schemas: Mapping[str, TableSchema], notes: list[Finding]
) -> tuple[list[str], dict[str, list[str]]]:
    """Return the tables with parents first, and which parents of each come before it."""
    left, order = list(schemas), list[str]()
    while left:
        ready = [name for name in left if not ({*_parents(schemas[name])} - {name}) & {*left}] or left[:1]
        order += ready
        left = [name for name in left if name not in ready]
    before = {
        name: [parent for parent in _parents(schemas[name]) if parent in order[: order.index(name)]]
        for name in order
    }
    for name, schema in schemas.items():
        unknown = [parent for parent in _parents(schema) if parent not in schemas]
        notes += [_no_parent(name, parent, schemas) for parent in unknown]
    return order, before


def _cyclic(schemas: Mapping[str, TableSchema], before: Mapping[str, Sequence[str]]) -> list[str]:
    """Return tables of which a parent comes later, since that refers to them in turn."""
    return [
        name
        for name, parents in before.items()
        if any(
            parent in schemas and parent != name and parent not in parents
            for parent in _parents(schemas[name])
        )
    ]


def _fewer(table: MadeTable) -> Iterator[Finding]:
    """Yield that a table has fewer rows than were asked for, and why."""
    why = table.recipe.shortage
    if why:
        what = f"{table.name} has {table.rows:,} of {table.recipe.wanted:,} rows: {why}"
        fix = "ask for fewer rows, or let the contract allow more"
        yield Finding("PPF359", what, severity="note", dataset=table.name, fix=fix)


def _no_parent(name: str, parent: str, schemas: Mapping[str, TableSchema]) -> Finding:
    what = f"{name} refers to {parent}, of which no contract is given: its values are made on their own"
    return Finding(
        "PPF355",
        what,
        severity="note",
        dataset=name,
        fix=f"give its contract too; {suggest(parent, schemas)}",
    )
