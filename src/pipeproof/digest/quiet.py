"""Whether importing a statement may do more than bind its names.

What may do more counts for everybody who imports the module: a registration, a setting, a patch. When in
doubt a statement is loud: that costs a run too many at worst, never a result that is wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TypeGuard

from pipeproof.digest.modules import MUTATORS, Module, Statement
from pipeproof.digest.names import Chain
from pipeproof.digest.others import PURE_METHODS
from pipeproof.digest.syntax import decorator_name

Quiet = Callable[[Module, Chain], bool]
"""Tells whether calling, deriving from or decorating with what a chain names has no effect elsewhere."""

AS_BASE, ABROAD = "<base>", "<abroad>"
"""Ends of a chain: it is asked as a base of a class; what one's own code makes is not known."""

_QUIET_METACLASSES = frozenset({"ABCMeta", "EnumMeta", "EnumType"})
_DEEPEST = 20
_NESTED = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def is_quiet_base(module: Module, node: ast.stmt, quiet: Quiet) -> bool:
    """Tell whether deriving from a class of one's own has no effect elsewhere."""
    return isinstance(node, ast.ClassDef) and _Judge(module, quiet).base(node)


def is_effect(module: Module, statement: Statement, quiet: Quiet) -> bool:
    """Tell whether carrying a statement out may do more than bind its names."""
    return not _Judge(module, quiet).statement(statement.node)


def is_quiet_definition(module: Module, node: ast.stmt, quiet: Quiet) -> bool:
    """Tell whether calling a function or making an instance of a class has no effect elsewhere."""
    judge = _Judge(module, quiet)
    if not isinstance(node, ast.FunctionDef | ast.ClassDef) or not judge.is_bare(node):
        return False
    if isinstance(node, ast.FunctionDef):
        return judge.body(node)
    return judge.instance(node)


class _Judge:
    """Judges code of one module; each method says whether something is quiet."""

    def __init__(self, module: Module, quiet: Quiet) -> None:
        self._module = module
        self._quiet = quiet

    def statement(self, node: ast.stmt) -> bool:
        """Judge a statement at the top level of a module or class."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            head = (*node.args.defaults, *node.args.kw_defaults)
            return self._expressions(head) and self._decorators(node)
        if isinstance(node, ast.ClassDef):
            return self._class(node)
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant) or self._changes_own(node.value)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Delete | ast.For):
            return self._binding(node)
        if isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With | ast.While | ast.Match):
            return self._block(node)
        return isinstance(node, ast.Import | ast.ImportFrom | ast.Pass | ast.Global) or _is_type_alias(node)

    def _block(self, node: ast.stmt) -> bool:
        blocks = [
            one for one in ast.iter_child_nodes(node) if isinstance(one, ast.ExceptHandler | ast.match_case)
        ]
        inner = [child for one in (node, *blocks) for child in ast.iter_child_nodes(one)]
        statements = [one for one in inner if isinstance(one, ast.stmt)]
        others = [one for one in inner if not isinstance(one, ast.stmt | ast.ExceptHandler | ast.match_case)]
        return all(map(self.statement, statements)) and self._expressions(others)

    def _binding(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Delete | ast.For) -> bool:
        targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
        if isinstance(node, ast.For):
            if isinstance(node.iter, ast.Name) and not self._is_fresh(node.iter.id):
                return False
            quiet = all(map(self.statement, (*node.body, *node.orelse))) and self._expressions([node.iter])
        else:
            value = None if isinstance(node, ast.Delete) else node.value
            quiet = self._expressions([value] if value else [])
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            return quiet and self._is_fresh(node.target.id)
        return quiet and all(map(self._target, targets))

    def _target(self, target: ast.expr) -> bool:
        """Judge what is assigned to: a name is quiet, so is an item of a container that only this module has."""
        if isinstance(target, ast.Tuple | ast.List):
            return all(map(self._target, target.elts))
        if isinstance(target, ast.Starred):
            return self._target(target.value)
        if isinstance(target, ast.Subscript):
            is_own = isinstance(target.value, ast.Name) and self._is_fresh(target.value.id)
            return is_own and self._expressions([target.slice])
        return isinstance(target, ast.Name)

    def _changes_own(self, node: ast.expr) -> bool:
        """Judge an expression that stands alone: `X.append(1)` concerns X alone when nobody else has X."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return False
        target = node.func.value
        is_own = isinstance(target, ast.Name) and self._is_fresh(target.id)
        return is_own and node.func.attr in MUTATORS and self._expressions((*node.args, *node.keywords))

    def _is_fresh(self, name: str) -> bool:
        """Tell whether a name of the module is bound to a container or constant that was made for it."""
        statements = [self._module.statements[index] for index in self._module.names.get(name, ())]
        binding = [one.node for one in statements if name in one.binds]
        return bool(binding) and all(_makes(node) for node in binding)

    def _class(self, node: ast.ClassDef) -> bool:
        return self._heads(node) and self._decorators(node) and all(self._member(one) for one in node.body)

    def _heads(self, node: ast.ClassDef) -> bool:
        """Judge the bases and the metaclass of a class."""
        for keyword in node.keywords:
            if keyword.arg != "metaclass" or _chain(keyword.value)[-1:] not in {
                (one,) for one in _QUIET_METACLASSES
            }:
                return False
        bases = [one.value if isinstance(one, ast.Subscript) else one for one in node.bases]
        return all(map(self._base, bases))

    def base(self, node: ast.ClassDef) -> bool:
        """Judge what deriving from a class does."""
        hooks = {"__init_subclass__", "__set_name__", "__class_getitem__", "__mro_entries__"}
        if any(isinstance(one, ast.FunctionDef) and one.name in hooks for one in node.body):
            return False
        return self._heads(node)

    def _member(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            head = (*node.args.defaults, *node.args.kw_defaults)
            decorators = [
                one for one in node.decorator_list if _last(one) not in {"setter", "getter", "deleter"}
            ]
            return self._expressions(head) and all(map(self._decorator, decorators))
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return all(isinstance(one, ast.Name) for one in targets) and self._expressions(
                [node.value] if node.value else []
            )
        return self.statement(node)

    def _base(self, base: ast.expr) -> bool:
        chain = _chain(base)
        if not chain:
            # `namedtuple("Point", "x y")` and its like.
            return isinstance(base, ast.Call) and self._expressions([base])
        return self._quiet(self._module, (*chain, AS_BASE))

    def _decorators(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
        return all(map(self._decorator, node.decorator_list))

    def _decorator(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            return self._expressions((*node.args, *node.keywords)) and self._decorator_made(node.func)
        chain = _chain(node)
        return bool(chain) and self._quiet(self._module, chain)

    def _decorator_made(self, function: ast.expr) -> bool:
        """Judge a decorator that a call makes; what a function of one's own returns is not known."""
        chain = _chain(function)
        return bool(chain) and self._quiet(self._module, (*chain, ABROAD))

    def _expressions(self, nodes: object) -> bool:
        return all(self._call(call) for call in _calls(nodes))

    def _call(self, node: ast.expr, local: frozenset[str] = frozenset()) -> bool:
        """Judge a call by what it calls; its arguments are calls of their own."""
        if not isinstance(node, ast.Call):
            return False
        function = node.func
        chain = _chain(function)
        if chain and chain[0] not in local and self._quiet(self._module, chain):
            return not self._passes_on(node)
        return (
            isinstance(function, ast.Attribute)
            and function.attr in PURE_METHODS
            and self._is_plain(function.value, local)
        )

    def _is_plain(self, node: ast.expr, local: frozenset[str], depth: int = 0) -> bool:
        """Tell whether a value is one of Python's or of a package, whose methods are known by their names."""
        if depth > _DEEPEST:
            return False
        if isinstance(node, ast.Name):
            return node.id not in local and self._is_plain_name(node.id, depth)
        if isinstance(node, ast.Call):
            chain = _chain(node.func)
            if chain and chain[0] not in local and self._quiet(self._module, (*chain, ABROAD)):
                return True
            return isinstance(node.func, ast.Attribute) and self._is_plain(node.func.value, local, depth + 1)
        if isinstance(node, ast.Attribute | ast.Subscript):
            return self._is_plain(node.value, local, depth + 1)
        if isinstance(node, ast.BinOp):
            return self._is_plain(node.left, local, depth + 1) and self._is_plain(
                node.right, local, depth + 1
            )
        return _is_made(node)

    def _is_plain_name(self, name: str, depth: int) -> bool:
        if name in {"__file__", "__name__"}:
            return True
        bound = [self._module.statements[index] for index in self._module.names.get(name, ())]
        values = [
            one.node.value if isinstance(one.node, ast.Assign) else None for one in bound if name in one.binds
        ]
        return bool(values) and all(
            value is not None and self._is_plain(value, frozenset(), depth + 1) for value in values
        )

    def _passes_on(self, node: ast.Call) -> bool:
        """Tell whether a function that may have effects is handed to what is called, as in `sorted(key=f)`."""
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Name) and node.func.id == "type" and len(given) > 1:
            return True  # it makes a class, of any base
        return any(isinstance(one, ast.Lambda) or self._is_loud_function(one) for one in given)

    def _is_loud_function(self, node: ast.expr) -> bool:
        if not isinstance(node, ast.Name):
            return False
        bound = [self._module.statements[index] for index in self._module.names.get(node.id, ())]
        may_call = any(
            isinstance(one.node, ast.FunctionDef)
            or (one.is_import and bool(one.imports[0].name) and node.id.islower())
            for one in bound
        )
        return may_call and not self._quiet(self._module, (node.id,))

    def is_bare(self, node: ast.FunctionDef | ast.ClassDef) -> bool:
        """Tell whether no decorator of one's own stands between a definition and who calls it."""
        made = (one.func if isinstance(one, ast.Call) else one for one in node.decorator_list)
        return all(bool(chain := _chain(one)) and self._quiet(self._module, (*chain, ABROAD)) for one in made)

    def body(self, node: ast.FunctionDef) -> bool:
        """Judge what calling a function does."""
        nested = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
        local = _local(node)
        fresh = nested | {name for name in local if name not in _parameters(node) and _is_made_in(node, name)}
        for one in _executed(node.body):
            if isinstance(one, ast.Global | ast.Nonlocal | ast.Await | ast.Yield | ast.YieldFrom):
                return False
            if _is_stored(one) and not (isinstance(one.value, ast.Name) and one.value.id in fresh):
                return False
            if isinstance(one, ast.AugAssign) and not (
                isinstance(one.target, ast.Name) and one.target.id in fresh
            ):
                return False
            if isinstance(one, ast.Call) and not self._call(one, local) and not _changes(one, fresh):
                return False
            if isinstance(one, _NESTED) and not isinstance(one, ast.Lambda) and not self._decorators(one):
                return False
        return True

    def instance(self, node: ast.ClassDef) -> bool:
        """Judge what making an instance does: classes whose making is not their own write only to themselves."""
        making = {"__new__", "__init__", "__post_init__", "model_post_init", "__call__", "__set_name__"}
        for one in node.body:
            if isinstance(one, ast.FunctionDef) and (one.name in making or _validates(one)):
                return False
        bases = [one.value if isinstance(one, ast.Subscript) else one for one in node.bases]
        return not node.keywords and all(
            bool(chain := _chain(base)) and self._quiet(self._module, chain) for base in bases
        )


def _calls(nodes: object) -> Iterator[ast.expr]:
    """Yield the calls that evaluating expressions carries out; lambdas only make functions."""
    stack = [one for one in nodes if one is not None] if isinstance(nodes, list | tuple) else []
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Lambda):
            stack.extend(one for one in (*node.args.defaults, *node.args.kw_defaults) if one)
            continue
        if isinstance(node, ast.Call | ast.Await | ast.Yield | ast.YieldFrom):
            yield node
        stack.extend(ast.iter_child_nodes(node))


def _is_stored(node: ast.AST) -> TypeGuard[ast.Attribute | ast.Subscript]:
    return isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load)


def _validates(node: ast.FunctionDef) -> bool:
    return any("validator" in decorator_name(one) for one in node.decorator_list)


def _makes(node: ast.stmt) -> bool:
    """Tell whether an assignment binds one name to a container or constant that nobody else has."""
    if isinstance(node, ast.AugAssign):
        return True
    if isinstance(node, ast.Assign):
        return len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) and _is_made(node.value)
    return isinstance(node, ast.AnnAssign) and node.value is not None and _is_made(node.value)


def _is_made(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        made = {"dict", "list", "set", "defaultdict", "Counter", "OrderedDict", "deque"}
        return isinstance(value.func, ast.Name) and value.func.id in made
    displays = (
        ast.List,
        ast.Dict,
        ast.Set,
        ast.ListComp,
        ast.DictComp,
        ast.SetComp,
        ast.Constant,
        ast.JoinedStr,
    )
    return isinstance(value, displays)


def _changes(call: ast.Call, fresh: set[str]) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id in fresh
        and function.attr in MUTATORS
    )


def _executed(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes that running a body reaches; functions that it only defines are yielded, not entered."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _NESTED):
            stack.extend(one for one in (*node.args.defaults, *node.args.kw_defaults) if one)
        else:
            stack.extend(ast.iter_child_nodes(node))


def _local(node: ast.FunctionDef) -> frozenset[str]:
    stores = {
        one.id for one in ast.walk(node) if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)
    }
    nested = {one.name for one in ast.walk(node) if isinstance(one, ast.FunctionDef | ast.ClassDef)} - {
        node.name
    }
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for one in ast.walk(node)
        if isinstance(one, ast.Import | ast.ImportFrom)
        for alias in one.names
    }
    return frozenset(stores | nested | imported | _parameters(node))


def _parameters(node: ast.FunctionDef) -> set[str]:
    return {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}


def _is_made_in(node: ast.FunctionDef, name: str) -> bool:
    """Tell whether a function binds a name to new containers only."""
    stores = [one for one in ast.walk(node) if isinstance(one, ast.Name) and one.id == name]
    stores = [one for one in stores if isinstance(one.ctx, ast.Store)]
    made = [
        one
        for one in ast.walk(node)
        if isinstance(one, ast.Assign | ast.AnnAssign | ast.AugAssign)
        and _makes(one)
        and name
        in {getattr(target, "id", "") for target in getattr(one, "targets", [getattr(one, "target", None)])}
    ]
    return len(stores) == len(made)


def _is_type_alias(node: ast.stmt) -> bool:
    return type(node).__name__ == "TypeAlias"


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""


def _chain(node: ast.expr) -> Chain:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return (node.id, *parts) if isinstance(node, ast.Name) else ()
