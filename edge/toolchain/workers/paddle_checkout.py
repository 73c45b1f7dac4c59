"""Importing a PaddleClas checkout of the user's own, and saying in a sentence where its code went wrong.

Its code runs as it is, in this process, which does nothing else (checkout_worker.py).
"""

import contextlib
import importlib
import os
import sys
import traceback


class CheckoutError(ValueError):
    """The checkout's code cannot be imported, or fails."""


def load(root):
    """Import `ppcls.arch.backbone`, whose empty packages above are entered already, from the folder `root`."""
    before = sys.pycache_prefix
    sys.pycache_prefix = os.devnull  # what lies in a __pycache__ may be of other code
    try:
        with told(root, "cannot be imported"):
            logger = _logger()
            if logger is not None:
                logger.init_logger(log_level=40)
            importlib.import_module("ppcls.arch.backbone")
    finally:
        sys.pycache_prefix = before


def _logger():
    try:
        return importlib.import_module("ppcls.utils.logger")
    except ModuleNotFoundError as error:
        if error.name not in ("ppcls.utils", "ppcls.utils.logger"):
            raise
        return None


@contextlib.contextmanager
def told(root, what):
    """What the checkout's code raises inside, as a `CheckoutError` that names its file and line; all else as it is."""
    try:
        yield
    except (KeyboardInterrupt, CheckoutError):
        raise
    except BaseException as error:  # SystemExit, too: nothing of another's code ends the worker
        place = _place(root, error)
        if place is None and isinstance(error, Exception):
            raise
        where = "" if place is None else " in {}".format(place)
        raise CheckoutError("the checkout's code {}: {}{}".format(what, _reason(error), where)) from error


def _reason(error):
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("ppcls"):
        return "it needs the module {}, which edgezoo's Paddle engine does not have,".format(error.name)
    lines = [line.strip() for line in str(error).splitlines() if line.strip(" -\t")]
    summary = next((line for line in lines if "Error:" in line), lines[0] if lines else "")
    return "{}: {}".format(type(error).__name__, summary[:300]).rstrip(": ")


def _place(root, error):
    """The checkout's last file, and line, that was at work."""
    if isinstance(error, SyntaxError) and error.filename and _inside(root, error.filename):
        return "{}:{}".format(_inside(root, error.filename), error.lineno)
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if _inside(root, frame.filename)]
    return "{}:{}".format(_inside(root, inside[-1].filename), inside[-1].lineno) if inside else None


def _inside(root, filename):
    """The file's name below the folder that `ppcls` is in; '' for another one."""
    name = os.path.relpath(filename, os.path.dirname(os.path.abspath(root)))
    return "" if name.startswith("..") else name
