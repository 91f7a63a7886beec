"""Secrets are masked in all that a run writes down: logs, messages, tracebacks, findings, metrics, params.

So are e-mail addresses, card numbers and IBANs, where a step reads columns that are known to hold personal data.

What a step hands on is not touched: tables, files and values are the user's data, and masking would
change what the next step computes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from pipeproof.contracts.personal_texts import mask_text
from pipeproof.errors import Finding
from pipeproof.model.contract import frozen
from pipeproof.model.outcome import Failure, Metric, Outcome, Seen

MASK = "***"
_LONGEST_LINE = 65_536  # bytes
_SUSPECT = re.compile(rb"@|\d[\d -]{11}|[A-Z]{2}\d\d")  # most lines of a log have nothing like it
T = TypeVar("T", Failure, Finding)
_OF_FAILURES = ("type", "message", "traceback", "fix")
_OF_FINDINGS = ("what", "column", "evidence", "fix")


class Redactor:
    """Knows some secrets, and masks them in text and in bytes; personal data too, if it is told to.

    Attributes:
        spellings: The secrets as they may stand in a text, longest first: as they are, and as `repr` and
            JSON write them (a message that quotes a value escapes its quotes and line ends).
    """

    def __init__(self, secrets: Iterable[str], *, personal: bool = False) -> None:
        self.personal = personal
        found = {text for secret in secrets for text in _spellings(secret)}
        self.spellings = tuple(sorted(found, key=len, reverse=True))
        self._bytes = tuple(text.encode("utf-8", "surrogateescape") for text in self.spellings)
        self._longest = max(map(len, self._bytes), default=0)

    def mask(self, text: str) -> str:
        """Return a text without the secrets."""
        for secret in self.spellings:
            if secret in text:
                text = text.replace(secret, MASK)
        return mask_text(text) if self.personal else text

    def mask_bytes(self, data: bytes) -> bytes:
        """Return bytes without the secrets."""
        for secret in self._bytes:
            data = data.replace(secret, MASK.encode())
        if self.personal and _SUSPECT.search(data):
            data = mask_text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        return data

    def settled(self, data: bytes) -> int:
        """Return how many bytes from the start hold only whole secrets, whatever follows `data`."""
        cut = len(data) - self._open_end(data)
        while straddling := [start for start in self._starts(data, cut) if start < cut]:
            cut = min(straddling)
        return self._whole_lines(data, cut) if self.personal else cut

    def _whole_lines(self, data: bytes, cut: int) -> int:
        """Return where the last whole line before a cut ends; a line without an end is not waited for."""
        end = max(data.rfind(b"\n", 0, cut), data.rfind(b"\r", 0, cut)) + 1
        return end if len(data) - end <= _LONGEST_LINE else cut

    def _open_end(self, data: bytes) -> int:
        """Return how many bytes at the end could be the start of a secret."""
        for size in range(min(len(data), self._longest - 1), 0, -1):
            if any(len(secret) > size and secret.startswith(data[-size:]) for secret in self._bytes):
                return size
        return 0

    def _starts(self, data: bytes, cut: int) -> list[int]:
        """Return where secrets begin that stand on both sides of a cut."""
        found = []
        for secret in self._bytes:
            start = data.find(secret, max(0, cut - len(secret) + 1))
            if -1 < start < cut < start + len(secret):
                found.append(start)
        return found

    def redact(self, outcome: Outcome) -> Outcome:
        """Return an outcome that says nothing secret; its outputs are the user's data and stay."""
        said = (
            outcome.failure
            or outcome.findings
            or outcome.metrics
            or outcome.params
            or outcome.notes
            or outcome.seen
        )
        if not (self.spellings or self.personal) or not said:  # most steps end here
            return outcome
        return replace(
            outcome,
            failure=self._failure(outcome.failure) if outcome.failure else None,
            findings=tuple(self._fields(finding, _OF_FINDINGS) for finding in outcome.findings),
            metrics=tuple(self._metric(metric) for metric in outcome.metrics),
            params=frozen(
                {
                    self.mask(name): self.mask(value) if isinstance(value, str) else value
                    for name, value in outcome.params.items()
                }
            ),
            notes=tuple(map(self.mask, outcome.notes)),
            seen=tuple(map(self._seen, outcome.seen)),
        )

    def _seen(self, seen: Seen) -> Seen:
        """Return something that was used by a name without secrets; then it cannot be looked at again."""
        if not any(secret in seen.name for secret in self.spellings):
            return seen
        return Seen("unseen", self.mask(seen.name), "never")

    def _failure(self, failure: Failure) -> Failure:
        frames = tuple(
            replace(frame, file=self.mask(frame.file), text=self.mask(frame.text)) for frame in failure.frames
        )
        return replace(self._fields(failure, _OF_FAILURES), frames=frames)

    def _fields(self, value: T, names: tuple[str, ...]) -> T:
        changed: dict[str, Any] = {name: self.mask(getattr(value, name)) for name in names}
        return replace(value, **changed)

    def _metric(self, metric: Metric) -> Metric:
        name = self.mask(metric.name)
        return metric if name == metric.name else replace(metric, name=name)


def _spellings(secret: str) -> set[str]:
    if not secret:
        return set()
    return {
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }


@lru_cache(maxsize=64)
def redactor(secrets: tuple[str, ...], *, personal: bool = False) -> Redactor:
    """Return the redactor of some secrets, made once: every step of a run has nearly the same."""
    return Redactor(secrets, personal=personal)
