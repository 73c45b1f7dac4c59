"""What is known of the command that runs, for whoever tells how it ended."""

from __future__ import annotations

import click


class Running:
    """Of one call of the command line. `settings`: the options that nobody typed, by name, with where each stands;
    `printed`: a JSON document is on standard output; `resumes`: what a Ctrl-C leaves, and how to go on.
    """

    def __init__(self, *, json: bool = False, debug: bool = False) -> None:
        self.json, self.debug, self.printed, self.resumes = json, debug, False, ""
        self.settings: dict[str, str] = {}


def running() -> Running:
    """Of the command that runs, or of none."""
    context = click.get_current_context(silent=True)
    return (context.find_object(Running) if context else None) or Running()
