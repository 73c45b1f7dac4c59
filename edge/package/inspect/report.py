"""What an inspection says: facts in sections, and checks that passed, failed or could not be made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """`passed` is None where the check could not be made here; `detail` says why, or what is wrong."""

    what: str
    passed: bool | None
    detail: str = ""


@dataclass(slots=True)
class Report:
    """An inspected file. `sections` maps titles to facts, in the order to show them; sizes in bytes."""

    path: Path
    kind: str
    size: int
    sections: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether no check failed."""
        return all(check.passed is not False for check in self.checks)

    def check(self, what: str, passed: bool | None, detail: str = "") -> None:
        """Add a check; the detail belongs to one that did not pass."""
        self.checks.append(Check(what, passed, "" if passed else detail))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        checks = [{"what": c.what, "passed": c.passed, "detail": c.detail} for c in self.checks]
        return {
            "path": str(self.path),
            "kind": self.kind,
            "bytes": self.size,
            "sound": self.sound,
            "sections": {title: dict(facts) for title, facts in self.sections.items()},
            "checks": checks,
        }
