"""What is known of the command that runs, for whoever tells how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field

import click


@dataclass
class Running:
    """Of one call of the command line. `settings`: the options that nobody typed, by name, with where each stands."""

    json: bool = False
    printed: bool = False  # a JSON document, on standard output
    debug: bool = False
    resumes: str = ""  # what a Ctrl-C leaves, and how to go on
    settings: dict[str, str] = field(default_factory=dict)


def running() -> Running:
    """Of the command that runs, or of none."""
    context = click.get_current_context(silent=True)
    return (context.find_object(Running) if context else None) or Running()
