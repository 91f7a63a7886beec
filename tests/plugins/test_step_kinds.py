"""Step kinds by entry point: ours, third parties', and broken ones."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeproof.errors import ConfigError
from pipeproof.plugins import Kinds
from pipeproof.ports import StepKind

KIND = """\
from dataclasses import dataclass
from pipeproof.ports import StepKind, Wiring, option

@dataclass(frozen=True)
class Config:
    word: str = option("x", doc="A word.")

KIND = StepKind(
    "NAME", "says a word", Config, "- {name: a, type: NAME}\\n",
    wire=lambda name, config, contract: Wiring(outputs={name: name}),
    prepare=None, collect=None, aliases={"Alias_NAME": {"word": "y"}},
)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a package that registers a step kind, as its metadata on the path would."""

    def install(package: str, kind: str, source: str = KIND, value: str = "KIND") -> None:
        site = tmp_path / package
        about = site / f"{package}-1.0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[pipeproof.steps]\n{kind} = {package}:{value}\n")
        (site / f"{package}.py").write_text(source.replace("NAME", kind))
        monkeypatch.syspath_prepend(site)

    return install


def test_our_kinds_are_there() -> None:
    assert {"script", "sql", "python"} <= set(Kinds())


def test_asking_for_one_kind_imports_that_one_alone() -> None:
    kinds = Kinds()
    assert kinds["script"].name == "script"
    assert list(kinds._loaded) == ["script"]


def test_an_alias_stands_for_a_kind_and_its_config() -> None:
    assert Kinds().resolve("SnowparkQueryStep") == ("sql", {"dialect": "snowflake"})


def test_a_hidden_kind_is_not_offered() -> None:
    assert "source" not in Kinds().known()


def test_a_third_party_kind_is_found_with_its_alias(install: Callable[..., None]) -> None:
    install("third_party_a", "speak_a")
    kinds = Kinds()
    assert isinstance(kinds["speak_a"], StepKind)
    assert kinds.resolve("Alias_speak_a") == ("speak_a", {"word": "y"})
    assert {"speak_a", "Alias_speak_a"} <= set(kinds.known())


@pytest.mark.parametrize(
    ("package", "source", "value", "what"),
    [
        ("third_party_b", "raise RuntimeError('no licence')\n", "KIND", "no licence"),
        ("third_party_c", KIND, "MISSING", "cannot be imported"),
        ("third_party_d", "KIND = 3\n", "KIND", "is no StepKind"),
    ],
)
def test_a_broken_kind_is_an_error_only_for_who_uses_it(
    install: Callable[..., None], package: str, source: str, value: str, what: str
) -> None:
    install(package, "broken", source, value)
    kinds = Kinds()
    with pytest.raises(ConfigError, match=what):
        kinds["broken"]
    assert kinds.resolve("SnowparkQueryStep") is not None
    assert "broken" not in kinds.known()


def test_two_packages_with_one_name_are_an_error(install: Callable[..., None]) -> None:
    install("third_party_e", "twice")
    install("third_party_f", "twice")
    with pytest.raises(ConfigError, match="registered twice"):
        Kinds()["twice"]


def test_a_package_that_is_seen_twice_is_one(
    install: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("third_party_g", "once")
    copy = tmp_path / "copy"
    copy.symlink_to(tmp_path / "third_party_g")
    monkeypatch.setattr(sys, "path", [str(copy), *sys.path])
    assert Kinds()["once"].name == "once"


def test_a_kind_can_be_handed_in() -> None:
    kind = Kinds()["script"]
    assert Kinds({"mine": kind})["mine"] is kind
