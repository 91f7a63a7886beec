"""Is a changed program ever taken for the same, or the same for a changed one? Random programs, run before and after.

.venv/bin/python bench/reach_changes.py            # 10,000 cases
.venv/bin/python bench/reach_changes.py 500 7      # 500 of them, from seed 7

A program has two to five modules of constants, lists, functions, classes, decorators and registrations that
refer to each other in every way an import can be written. All that is reached shows in its result, so running it
before and after a random change tells whether the digest had to change.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeproof.digest.reach import reach

KINDS = (
    "const",
    "const",
    "derived",
    "list",
    "function",
    "function",
    "class",
    "decorator",
    "alias",
    "setter",
    "effect",
)
STYLES = ("module", "name", "as", "module as", "star", "inside", "getattr", "package")
MEANINGLESS = ("comment", "layout", "docstring", "annotation", "function beside", "constant beside")
MEANING = ("number", "number", "number", "target", "style", "swap", "drop", "default", "reached import")


@dataclass(frozen=True)
class Item:
    """One definition: its kind, a number that shows in results, and what it refers to."""

    name: str
    kind: str
    number: int
    module: int
    refs: tuple[tuple[str, str], ...] = ()  # (name, how it is imported)
    more: int = 0
    docs: str = ""
    annotation: str = ""


@dataclass(frozen=True)
class Program:
    """Items in order; each refers only to earlier ones. Those of module 0 stand in the entry file."""

    items: tuple[Item, ...]
    modules: int
    lines: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    spaced: bool = False


def make_program(rng: random.Random) -> Program:
    """Return a random program."""
    modules, items = rng.randint(2, 5), []
    for number in range(rng.randint(6, 16)):
        module = modules - 1 - number * modules // 16 if rng.random() < 0.7 else rng.randrange(modules)
        kind = rng.choice(KINDS)
        before = [one for one in items if one.module >= module]
        known = [one for one in before if one.kind in _TARGETS[kind]]
        if not known and kind in {"derived", "alias", "setter", "effect"}:
            kind = "const"
        count = 1 if kind in {"alias", "setter", "effect"} else rng.randint(0, 3)
        chosen = rng.sample(known, min(count, len(known))) if kind != "const" else []
        refs = tuple((one.name, rng.choice(STYLES)) for one in chosen)
        items.append(Item(f"x{number}", kind, rng.randint(0, 9), module, refs, rng.randint(0, 9)))
    asked = [one for one in items if one.kind != "effect"]
    refs = tuple(
        (one.name, rng.choice(STYLES)) for one in rng.sample(asked, min(len(asked), rng.randint(1, 4)))
    )
    return Program((*items, Item("main", "function", 1, 0, refs)), modules)


_VALUES = frozenset({"const", "derived", "list", "function", "class", "alias", "decorated", "setter"})
_TARGETS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(KINDS, _VALUES),
    "class": _VALUES,
    "setter": frozenset({"const", "derived"}),
    "effect": frozenset({"const", "derived", "list"}),
    "decorator": _VALUES,
}


def files_of(program: Program) -> dict[str, str]:
    """Write a program as files."""
    by_name = {item.name: item for item in program.items}
    texts: dict[str, str] = {"pkg/__init__.py": ""}
    for module in range(program.modules):
        heads: dict[str, None] = {}
        body: list[str] = []
        for item in program.items:
            if item.module == module:
                body += _lines(item, by_name, heads)
                body += ["", ""] if program.spaced else []
        texts[_file(module)] = "\n".join((*heads, *program.lines.get(module, ()), *body)) + "\n"
    return texts


def _file(module: int) -> str:
    return "m0.py" if module == 0 else f"pkg/m{module}.py" if module % 2 else f"m{module}.py"


def _dotted(module: int) -> str:
    return _file(module).removesuffix(".py").replace("/", ".")


def _ask(
    item: Item, ref: tuple[str, str], by_name: Mapping[str, Item], heads: dict[str, None]
) -> tuple[str, str]:
    """Return the expression for what is referred to, and a line that must stand before it in a function."""
    target, style = by_name[ref[0]], ref[1]
    if target.module == item.module:
        return target.name, ""
    dotted = _dotted(target.module)
    folder, _, last = dotted.rpartition(".")
    if style == "inside" and item.kind in {"function", "setter"}:
        return f"{dotted}.{target.name}", f"import {dotted}"
    if style == "name":
        heads[f"from {dotted} import {target.name}"] = None
        return target.name, ""
    if style == "as":
        heads[f"from {dotted} import {target.name} as y{target.name}"] = None
        return f"y{target.name}", ""
    if style == "module as":
        heads[f"import {dotted} as q{target.module}"] = None
        return f"q{target.module}.{target.name}", ""
    if style == "star":
        heads[f"from {dotted} import *"] = None
        return target.name, ""
    if style == "package" and folder:
        heads[f"from {folder} import {last}"] = None
        return f"{last}.{target.name}", ""
    heads[f"import {dotted}"] = None
    return (f"getattr({dotted}, {target.name!r})" if style == "getattr" else f"{dotted}.{target.name}"), ""


def _value(expression: str, kind: str) -> str:
    if kind == "alias":
        return f"shown({expression})"
    if kind in {"function", "decorator", "setter"}:
        return f"{expression}()"
    return (
        f"{expression}().show()"
        if kind == "class"
        else f"tuple({expression})"
        if kind == "list"
        else expression
    )


def _lines(item: Item, by_name: Mapping[str, Item], heads: dict[str, None]) -> Iterator[str]:  # noqa: C901, PLR0912 one branch a kind of item
    heads["from show import shown"] = None
    asked = [_ask(item, ref, by_name, heads) for ref in item.refs]
    inside = [f"    {line}" for _, line in asked if line]
    values = [_value(text, by_name[ref[0]].kind) for (text, _), ref in zip(asked, item.refs, strict=True)]
    shown = ", ".join((str(item.number), *values))
    docs = [f"    {item.docs!r}"] if item.docs else []
    name, sign = item.name, f": {item.annotation}" if item.annotation else ""
    if item.kind == "const":
        yield f"{name}{sign} = {item.number}"
    elif item.kind == "derived":
        yield f"{name}{sign} = ({shown},)"
    elif item.kind == "list":
        yield f"{name} = [{shown}]"
        yield f"{name}.append({item.more})"
    elif item.kind == "alias":
        yield f"{name} = {asked[0][0]}"
    elif item.kind == "effect":
        target, kind = asked[0][0], by_name[item.refs[0][0]].kind
        if kind == "list":
            yield f"{target}.append({item.number})"
        elif "." in target and "(" not in target:
            yield f"{target} = {item.number}"
        else:
            yield f"{name} = shown({target})"
    elif item.kind == "setter":
        yield from (f"def {name}():", *docs, *inside)
        target = asked[0][0]
        if "." not in target and by_name[item.refs[0][0]].module == item.module:
            yield f"    global {target}"
            yield f"    {target} = ({target}, {item.number})"
        yield f"    return ({item.number}, {target})"
    elif item.kind == "decorator":
        yield from (
            f"def d{name}(function):",
            f"    def inner(): return ({shown}, function())",
            "    return inner",
        )
        yield from (f"@d{name}", f"def {name}():", *docs, f"    return ({item.more},)")
    elif item.kind == "class":
        bases = [t for (t, _), ref in zip(asked, item.refs, strict=True) if by_name[ref[0]].kind == "class"][
            :1
        ]
        base = f"({bases[0]})" if bases and not bases[0].startswith("getattr") else ""
        yield f"class {name}{base}:"
        yield from docs
        yield f"    field_{name} = ({shown},)"
        yield f"    def show(self): return (self.field_{name}, {item.more}, [k for c in type(self).__mro__ for k in sorted(vars(c)) if k.startswith('field')])"
    else:
        default = (
            f"b=({values[0]}, {item.more})"
            if values and not inside and item.name != "main"
            else f"b={item.more}"
        )
        yield from (f"def {name}(a{sign}=0, {default}):", *docs, *inside, f"    return ({shown}, b)")


def change(program: Program, kind: str, rng: random.Random) -> tuple[Program, str]:  # noqa: C901 one branch a kind of change
    """Return a changed program, and the name of the item that was changed."""
    items, index = list(program.items), rng.randrange(len(program.items))
    if kind in {"docstring", "annotation"}:
        # What an unknown decorator is given counts with both, and so do the annotations of the entry.
        index = rng.choice(
            [number for number, one in enumerate(items) if one.kind != "decorator" and one.name != "main"]
            or [0]
        )
    item, module = items[index], rng.randrange(program.modules)
    if kind == "comment":
        return replace(program, lines={module: ("# a comment", "")}), ""
    if kind == "layout":
        return replace(program, spaced=True), ""
    if kind == "function beside":
        return replace(program, lines={module: ("def beside(a, b=3): return a + b",)}), ""
    if kind == "constant beside":
        return replace(program, lines={module: ("BESIDE = 3",)}), ""
    if kind == "swap":
        index = rng.randrange(len(items) - 1)
        items[index : index + 2] = reversed(items[index : index + 2])
    elif kind == "drop":
        effects = [number for number, one in enumerate(items) if one.kind == "effect"]
        if effects:
            items.pop(rng.choice(effects))
    elif kind == "target" and item.refs:
        earlier = [
            one for one in items[:index] if one.kind in _TARGETS[item.kind] and one.module >= item.module
        ]
        items[index] = replace(
            item, refs=((rng.choice(earlier).name, item.refs[0][1]), *item.refs[1:]) if earlier else ()
        )
        if not earlier:
            return program, ""
    elif kind in {"style", "reached import"} and item.refs:
        items[index] = replace(item, refs=((item.refs[0][0], rng.choice(STYLES)), *item.refs[1:]))
    else:
        changes = {
            "docstring": {"docs": "Some words."},
            "annotation": {"annotation": "int"},
            "default": {"more": item.more + 1},
        }
        items[index] = replace(item, **changes.get(kind, {"number": item.number + 1}))  # type: ignore[arg-type]
    return replace(program, items=tuple(items)), item.name


_SHOW = """def shown(value):
    return value() if callable(value) and not isinstance(value, type) else value().show() if callable(value) else value
"""


def write(folder: Path, program: Program) -> Path:
    """Write a program to a folder and return its entry."""
    for name, text in {**files_of(program), "show.py": _SHOW}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder / "m0.py"


def outcome(folder: Path) -> str:
    """Run a program in a clean namespace and return what it shows, or that it fails."""
    before, path, written = set(sys.modules), list(sys.path), sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    try:
        namespace = {"__name__": "entry", "__file__": str(folder / "m0.py")}
        exec(compile((folder / "m0.py").read_text(), "m0.py", "exec"), namespace)
        return repr(namespace["main"]())
    except Exception as error:  # noqa: BLE001 whatever it is, it is no result
        return f"fails: {type(error).__name__}"
    finally:
        sys.path[:], sys.dont_write_bytecode = path, written
        for name in set(sys.modules) - before:
            del sys.modules[name]
        sys.path_importer_cache.pop(str(folder), None)
        sys.path_importer_cache.pop(str(folder / "pkg"), None)


def try_case(seed: int, folder: Path) -> tuple[str, str]:
    """Make, change and run one program; return the kind of change and what came of it."""
    rng = random.Random(seed)
    program = make_program(rng)
    kind = rng.choice(MEANINGLESS + MEANING)
    changed, _ = change(program, kind, rng)
    entries = [write(folder / side, one) for side, one in (("before", program), ("after", changed))]
    first, second = (outcome(entry.parent) for entry in entries)
    if first.startswith("fails"):
        return kind, "does not run"
    digests = [reach(entry, "main", entry.parent) for entry in entries]
    is_same = digests[0].digest == digests[1].digest and digests[0].packages == digests[1].packages
    if second.startswith("fails"):
        return kind, "fails after" if is_same else "fails after, seen"
    if first != second:
        return kind, "WRONG REUSE" if is_same else "changed, run again"
    if is_same:
        return kind, "same, reused"
    return kind, "NEEDLESS RUN" if kind in MEANINGLESS or kind in {
        "number",
        "default",
    } else "same result, run again"


def main(words: list[str]) -> None:
    """Print how often each came out."""
    cases, start = int(words[0]) if words else 10_000, int(words[1]) if len(words) > 1 else 0
    counts: Counter[tuple[str, str]] = Counter()
    root = Path(tempfile.mkdtemp(prefix="pipeproof-reach-"))
    for seed in range(start, start + cases):
        came = try_case(seed, root / str(seed))
        shutil.rmtree(root / str(seed))
        counts[came] += 1
        if came[1].isupper():
            print(f"seed {seed}: {came[0]}: {came[1]}")
    for (kind, what), count in sorted(counts.items()):
        print(f"{kind:<18}{what:<26}{count:>7,}")
    for what in sorted({what for _, what in counts}):
        print(f"{'all':<18}{what:<26}{sum(n for (_, one), n in counts.items() if one == what):>7,}")


if __name__ == "__main__":
    main(sys.argv[1:])
