"""`python -m edge` is `edgezoo`."""

import sys

from edge.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
