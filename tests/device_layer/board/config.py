"""What the stand-in board is told, and where its things are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

USER, UID = "pi", 1000
ROOT = Path("/mnt")  # seen by the board only; sshd wants a root below folders that nobody but root may write
HOME = ROOT / "home" / USER


@dataclass(frozen=True, slots=True)
class BoardConfig:
    """`folder`: files that both sides see. `home_size`: of the file system that /home/pi is, as mount takes it. `bits` of its
    programs."""

    folder: Path
    programs: str
    home_size: str
    password_hash: str
    bits: int

    @classmethod
    def of(cls, given: Mapping[str, str]) -> BoardConfig:
        return cls(
            Path(given["folder"]), given["programs"], given["home_size"], given["password_hash"], int(given["bits"])
        )
