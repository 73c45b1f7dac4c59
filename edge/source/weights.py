"""Where a model's weights come from: said by the user, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.errors import UsageError
from edge.source.model import Kind


@dataclass(frozen=True, slots=True)
class Weights:
    """`kind` says where they come from; `seed` belongs to random ones, `path` to a directory or checkpoint of yours."""

    kind: Kind
    seed: int = 0
    path: Path | None = None

    @classmethod
    def parse(cls, text: str, *, seed: int = 0) -> Weights:
        """What `--weights` says: `published`, `random`, or a path (a directory, or a .pdparams file)."""
        if text == "published":
            return cls("published")
        if text == "random":
            return cls("random", seed=seed)
        path = Path(text).expanduser()
        if path.is_dir():
            return cls("own", path=path)
        if path.suffix == ".pdparams" and path.is_file():
            return cls("checkpoint", path=path)
        what = "is neither a directory nor a .pdparams file" if path.exists() else "does not exist"
        raise UsageError(
            f"--weights {text}: that path {what}",
            hint="give `published`, `random`, a directory with an inference model, or a .pdparams checkpoint",
        )
