"""`edgezoo`, which is `python -m edge`.

Until the command line has what it needs, an interrupt ends the process as it ends any other, without a word: Python would print
where it was importing. What is imported for that here is part of Python itself.
"""

import _signal  # type: ignore[import-not-found]  # what `signal` is made of, which imports more
import sys


def main() -> int:
    """Run the command line; returns its exit code."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:  # a shell's background jobs ignore it
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    try:
        from edge.cli.main import run

        return run()
    except KeyboardInterrupt:  # a second one, while it was told of the first
        return 130


if __name__ == "__main__":
    sys.exit(main())
