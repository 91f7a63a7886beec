"""What is noticed while a contract of a standard is read or written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pipeproof.errors import ConfigError, Finding, Location, suggest

Path = tuple[str | int, ...]
Locate = Callable[[Sequence[str | int]], Location | None]


@dataclass(frozen=True, slots=True)
class Unenforced:
    """A part of a document that is kept and not enforced.

    Attributes:
        path: Where it stands.
        why: Why, in a few words.
        promises: Whether it promises something of the data; else it only documents.
    """

    path: Path
    why: str
    promises: bool = True


@dataclass(slots=True)
class Notes:
    """Gathers what is wrong with a document and what of it is not enforced."""

    problems: list[Finding] = field(default_factory=list)
    unenforced: list[Unenforced] = field(default_factory=list)

    def wrong(self, path: Path, what: str, fix: str = "correct it") -> None:
        """Take a problem, which makes the document unusable."""
        self.problems.append(Finding("PPF371", what, path=path, fix=fix))

    def kept(self, path: Path, why: str, *, promises: bool = True) -> None:
        """Take a part that is kept and not enforced."""
        self.unenforced.append(Unenforced(path, why, promises))

    def unknown(self, path: Path, known: Iterable[str]) -> None:
        """Take a key that the standard does not have."""
        self.kept(path, f"no key of the standard; {suggest(str(path[-1]), known)}")

    def raise_problems(self, locate: Locate | None = None) -> None:
        """Raise all problems, with their places.

        Raises:
            ConfigError: There are some.
        """
        if self.problems:
            raise ConfigError(*_located(self.problems, locate))


def _located(findings: Iterable[Finding], locate: Locate | None) -> Iterator[Finding]:
    for finding in findings:
        yield finding if locate is None else finding.at(locate(finding.path))
