"""``@step``: a function becomes a step of the same name."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, overload

from pipeproof.errors import ConfigError, Finding, Location, suggest
from pipeproof.model.contract import Contract, Port, Scalar, frozen
from pipeproof.model.each import Each
from pipeproof.model.hook import Hook
from pipeproof.model.repeat import Repeat
from pipeproof.model.step import Container, Effects, Isolation, Resources, Retry, Step
from pipeproof.steps.calls.python import LOCAL, LocalReference
from pipeproof.steps.python import PythonConfig

_SELF, _ITEM = "context", "item"
_ROUND = frozenset({"iteration", "previous"})
_OPTIONS = (
    "name",
    "output",
    "outputs",
    "inputs",
    "arguments",
    "depends_on",
    "contract",
    "retry",
    "timeout",
    "env",
    "resources",
    "isolation",
    "python",
    "container",
    "effects",
    "idempotent",
    "group",
    "when",
    "optional",
    "on_failure",
    "foreach",
    "repeat_until",
    "before",
    "after",
)


class FunctionStep:
    """A function that is a step; calling it calls the function."""

    def __init__(self, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
        _refuse_unknown(function, options)
        self.function = function
        self.name: str = options.get("name") or function.__name__
        self.options = options
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, as if it were no step."""
        return self.function(*args, **kwargs)

    def as_step(self, datasets: Collection[str], parameters: Collection[str]) -> Step:
        """Return the step, its inputs found among the names of datasets by the names of the parameters.

        Raises:
            ConfigError: A parameter of the function is neither a dataset nor a pipeline parameter, and has no default.
        """
        chosen: Mapping[str, str] = self.options.get("inputs") or {}
        spared: list[str] = []
        arguments: Mapping[str, Any] = self.options.get("arguments") or {}
        inputs: dict[str, str] = {}
        problems: list[Finding] = []
        for parameter in inspect.signature(self.function).parameters.values():
            name = parameter.name
            if name in chosen or name in datasets:
                inputs[name] = chosen.get(name, name)
                if not _must_be_given(parameter):
                    spared.append(name)
            elif (
                name != _SELF
                and not self._is_told(name)
                and name not in arguments
                and name not in parameters
                and _must_be_given(parameter)
            ):
                problems.append(self._unknown(name, [*datasets, *parameters]))
        if problems:
            raise ConfigError(*problems)
        return self._step(inputs, spared)

    def _is_told(self, name: str) -> bool:
        """Say whether a parameter is the item, the number of the iteration, or what the one before made."""
        if name == _ITEM:
            return self.options.get("foreach") is not None
        return self.options.get("repeat_until") is not None and name.partition("_")[0] in _ROUND

    def made(self) -> tuple[str, ...]:
        """Return the datasets that the step makes."""
        return tuple(self._outputs().values())

    def _outputs(self) -> dict[str, str]:
        outputs = self.options.get("outputs")
        if isinstance(outputs, Mapping):
            return dict(outputs)
        if outputs:
            return {name: f"{self.name}.{name}" for name in outputs}
        single = self.options.get("output") or self.name
        return {single: single}

    def _step(self, inputs: dict[str, str], spared: Collection[str]) -> Step:
        options = self.options
        contract: Contract = options.get("contract") or Contract()
        # A parameter with a default says that the function runs without this input.
        ports = {name: Port(name, required=False) for name in spared} | dict(contract.inputs)
        reference = _reference(self.function)
        split = self._outputs() if options.get("outputs") else {}
        config = PythonConfig(
            reference,
            inputs,
            split,
            "" if split else next(iter(self._outputs())),
            options.get("arguments") or {},
        )
        return Step(
            self.name,
            "python",
            config,
            frozen(inputs),
            frozen(self._outputs()),
            replace(contract, inputs=frozen(ports)) if spared else contract,
            needs=tuple(options.get("depends_on") or ()),
            retry=options.get("retry") or Retry(),
            timeout=options.get("timeout"),
            environment=frozen(options.get("env")),
            resources=options.get("resources") or Resources(),
            isolation=options.get("isolation"),
            python=options.get("python") or "",
            container=options.get("container"),
            effects=options.get("effects") or "none",
            idempotent=bool(options.get("idempotent")),
            group=options.get("group") or "",
            description=inspect.getdoc(self.function) or "",
            when=options.get("when") or "",
            optional=bool(options.get("optional")),
            on_failure=_name_of(options.get("on_failure") or ""),
            each=_each(options.get("foreach")),
            repeat=_repeat(options.get("repeat_until")),
            before=_hooks(options.get("before")),
            after=_hooks(options.get("after")),
        )

    def _unknown(self, name: str, known: list[str]) -> Finding:
        return Finding(
            "PPF121",
            f"step {self.name!r} has a parameter {name!r}; no dataset or parameter has this name",
            _place(self.function),
            step=self.name,
            fix=suggest(name, known) or "give it a default",
        )


HookLike = Hook | str | Callable[..., Any]


def hook(
    function: Callable[..., Any] | str,
    *,
    required: bool | None = None,
    effects: Effects = "external",
    **arguments: Any,
) -> Hook:
    """Return a hook: a function that is called around a run or a step.

    Args:
        function: The function, or a reference to one; it is given ``event``, ``context`` and its arguments.
        required: Whether its failure is one of the step or run; those before are, those after are not, unless given.
        effects: ``"none"`` if it does not touch the world outside, so that tests may run it.
        **arguments: Values of its further parameters.

    Example:
        >>> Pipeline("p", steps=[...], hooks=Hooks(after_run=(hook(notify, channel="ops"),)))  # doctest: +SKIP
    """
    reference = function if isinstance(function, str) else _reference(function)
    return Hook(reference, frozen(arguments), required, effects)


def _hooks(given: HookLike | Sequence[HookLike] | None) -> tuple[Hook, ...]:
    if given is None:
        return ()
    if isinstance(given, Hook | str) or callable(given):
        given = [given]
    return tuple(one if isinstance(one, Hook) else hook(one) for one in given)


def _repeat(given: Repeat | str | None) -> Repeat | None:
    return Repeat(given) if isinstance(given, str) else given


def _each(given: Each | Sequence[Scalar] | None) -> Each | None:
    if given is None or isinstance(given, Each):
        return given
    if isinstance(given, str):
        return Each(items=given) if "{" in given else Each(dataset=given)
    return Each(items=tuple(given))


def _name_of(step: FunctionStep | str) -> str:
    return step if isinstance(step, str) else step.name


def _place(function: Callable[..., Any]) -> Location | None:
    code = function.__code__ if inspect.isfunction(function) else None
    return Location(code.co_filename, code.co_firstlineno) if code else None


def _refuse_unknown(function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Make sure that no option is given that would be ignored.

    Raises:
        ConfigError: There is one, with what was probably meant.
    """
    name = getattr(function, "__name__", repr(function))
    problems = [
        Finding(
            "PPF103",
            f"@step of {name!r} has no option {given!r}",
            _place(function),
            step=name,
            fix="give retry=Retry(...)" if given.startswith("retry_") else suggest(given, _OPTIONS),
        )
        for given in options
        if given not in _OPTIONS
    ]
    if problems:
        raise ConfigError(*problems)


def _must_be_given(parameter: inspect.Parameter) -> bool:
    flexible = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    return parameter.default is inspect.Parameter.empty and parameter.kind not in flexible


def _reference(function: Callable[..., Any]) -> str:
    """Return how another process finds a function: by its module, or not at all.

    Importing a program's main file again would run the program again, so its functions stay here,
    like those of a notebook or of the prompt.
    """
    name = function.__qualname__
    local = "<locals>" in name or "<lambda>" in name or function.__module__ == "__main__"
    if local or function.__module__ not in sys.modules:
        return _keep_local(function)
    return f"{function.__module__}:{name}"


def _keep_local(function: Callable[..., Any]) -> str:
    reference = LocalReference(f"local:{function.__module__}.{function.__qualname__}.{id(function)}")
    reference.function = function
    LOCAL[str(reference)] = function  # as plain text: the table must not keep the function by its key
    return reference


@overload
def step(function: Callable[..., Any], /) -> FunctionStep: ...
@overload
def step(
    *,
    name: str = ...,
    output: str = ...,
    outputs: Sequence[str] | Mapping[str, str] = ...,
    inputs: Mapping[str, str] = ...,
    arguments: Mapping[str, Any] = ...,
    depends_on: Sequence[str] = ...,
    contract: Contract = ...,
    retry: Retry = ...,
    timeout: float = ...,
    env: Mapping[str, str] = ...,
    resources: Resources = ...,
    isolation: Isolation = ...,
    python: str = ...,
    container: Container = ...,
    effects: Effects = ...,
    idempotent: bool = ...,
    group: str = ...,
    when: str = ...,
    optional: bool = ...,
    on_failure: FunctionStep | str = ...,
    foreach: Each | Sequence[Scalar] = ...,
    repeat_until: Repeat | str = ...,
    before: HookLike | Sequence[HookLike] = ...,
    after: HookLike | Sequence[HookLike] = ...,
) -> Callable[[Callable[..., Any]], FunctionStep]: ...
def step(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a function a step; its parameters are named after the datasets and parameters it needs.

    Args:
        function: The function, plain or async.
        **options: ``name``, ``output`` (dataset that the result makes), ``outputs`` (keys of a returned
            dict), ``inputs`` (parameter → dataset where the names differ), ``arguments``,
            ``depends_on``, ``contract``, ``retry``, ``timeout``, ``env``, ``resources``,
            ``isolation``, ``python`` (interpreter of another environment), ``container``, ``effects`` (``"external"`` for what touches the world outside the run),
            ``idempotent`` (whether that may be done twice), ``group``, ``when`` (condition under which it
            runs), ``optional`` (whether the run goes on when it fails), ``on_failure`` (the step that then
            stands in for it), ``foreach`` (items, for each of which it runs: a list, the name of a dataset
            that is one, or an `Each`; the function has a parameter ``item``), ``before`` and ``after`` (hooks: functions,
            references, or what `hook` returns), ``repeat_until`` (a condition, or a `Repeat`, until which it is done
            again; the function may have parameters ``iteration`` and ``previous``).

    Raises:
        ConfigError: An option is none of these.

    Example:
        >>> @step
        ... def total(numbers):
        ...     return sum(numbers)
    """
    if function is not None:
        return FunctionStep(function, {})
    return lambda wrapped: FunctionStep(wrapped, options)
