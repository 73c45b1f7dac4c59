"""The worker's half of the line protocol. Stand-alone: runs inside an engine's interpreter, Python 3.7 and later.

One JSON object a line. Request: {"id": 1, "op": "name", "args": {...}}. Answer: {"id": 1, "ok": true, "result": ...} or
{"id": 1, "ok": false, "kind": "ValueError", "message": "...", "traceback": "..."}. Before it may come
lines of how far the work is, {"id": 1, "done": 3, "total": 8}. The first line is the greeting,
{"ready": true, "info": {...}}. Descriptor 1 belongs to the engine's chatter: it is sent to stderr, which the driver
keeps in a log, and answers go to a private copy of the original standard output.
"""

import ctypes
import json
import os
import sys
import traceback

# What a worker may keep between two requests: so many bytes, and of what the system has available this share. New memory costs
# up to two seconds for each GiB (pages are cleared; a virtual machine asks its host for them).
KEPT = 3 << 30
SHARE = 1 / 6


def claim_stdout():
    """Keep standard output for answers; whatever the engine prints from now on lands on stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.set_inheritable(answers.fileno(), False)
    os.dup2(2, 1)
    return answers


tell = None  # while an operation runs: a function of how many pieces are done, and of how many


def told(pieces):
    """The pieces of an operation's work, one after the other; the driver hears of each that is done."""
    for done, piece in enumerate(pieces):
        if tell is not None:
            tell(done, len(pieces))
        yield piece
    if tell is not None:
        tell(len(pieces), len(pieces))


def serve(operations, info):
    """Answer requests until standard input ends. `operations` maps names to functions of keyword arguments.

    `info()` is called once for the greeting: import the engine there, so that the driver learns at once if it cannot.
    """
    answers = claim_stdout()

    def say(message):
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    try:
        say({"ready": True, "info": info()})
    except Exception as error:
        say({"ready": False, "kind": type(error).__name__, "message": str(error), "traceback": traceback.format_exc()})
        return
    global tell
    for line in sys.stdin:
        request = json.loads(line)

        def tell(done, total, number=request["id"]):
            say({"id": number, "done": done, "total": total})

        try:
            result = operations[request["op"]](**request["args"])
            answer = {"id": request["id"], "ok": True, "result": result}
        except KeyboardInterrupt:
            return
        except BaseException as error:  # engines raise odd things; each is an answer
            answer = {
                "id": request["id"],
                "ok": False,
                "kind": type(error).__name__,
                "message": str(error),
                "traceback": traceback.format_exc(),
            }
        sys.stdout.flush()
        sys.stderr.flush()
        give_back()  # before the answer: who hears it looks at how much there is (pool.py)
        say(answer)


def give_back():
    """Give back to the system what malloc has kept of freed memory, where it is much; only glibc's is known."""
    try:
        with open("/proc/self/statm") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        with open("/proc/meminfo") as file:
            available = next(int(line.split()[1]) << 10 for line in file if line.startswith("MemAvailable:"))
        if resident > min(KEPT, SHARE * available):
            ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, StopIteration):
        pass
