"""Runs inside an interpreter that has paddlelite: opt, and the x86 engine. Stand-alone; Python 3.6 and later.

Operations: `info`, `opt`, `opt_short`, `run`. The engine ends the process on much bad input (abort, SIGSEGV, exit 0); the
driver takes that for an answer (edge.convert.opt.optimise), so nothing is caught here.
"""

import functools
import os
import sys
import time

import protocol


def info():
    """The engine's own version and the interpreter's."""
    from paddlelite import lite

    return {
        "engine": "paddlelite",
        "opt_version": lite.Opt().version(),
        "python": "%d.%d.%d" % sys.version_info[:3],
    }


def opt(program, params, out, targets, fp16=False, quant=None, sparse_threshold=None):
    """Optimise a program and its parameters into the naive buffer file `out`, which must end in `.nb`.

    `targets` as opt wants them ("arm", "opencl,arm", "x86"); `quant` is "int8", "int16" or None; `sparse_threshold` is the
    share of zeros from which a 1x1 convolution is stored sparse, None for never.
    """
    from paddlelite import lite

    if not out.endswith(".nb"):
        raise ValueError("out must end in .nb: %s" % out)
    started = time.time()
    opt = lite.Opt()
    opt.set_model_file(program)
    opt.set_param_file(params)
    opt.set_valid_places(targets)
    opt.set_model_type("naive_buffer")
    opt.set_optimize_out(out[: -len(".nb")])
    if fp16:
        opt.enable_fp16()
    if quant:
        opt.set_quant_model(True)
        opt.set_quant_type({"int8": "QUANT_INT8", "int16": "QUANT_INT16"}[quant])
    if sparse_threshold is not None:
        opt.set_sparse_model(True)
        opt.set_sparse_threshold(sparse_threshold)
    opt.run()
    return {"seconds": time.time() - started, "bytes": os.path.getsize(out)}


def opt_short(program, params, out, target, discard, integers):
    """The same for float32 and `target` "arm" or "x86", without the passes `discard`; are there `integers` to compute with?

    What opt does behind its options (lite/api/tools/opt_base.cc): the places are its own, in its order.
    """
    from paddlelite import lite

    started = time.time()
    graphs_trusted(lite.__file__)
    kind = {"arm": lite.TargetType.ARM, "x86": lite.TargetType.X86}[target]
    integral = [lite.PrecisionType.INT32, lite.PrecisionType.INT64][target == "x86" :]  # for x86 opt weighs no int32
    precisions = [lite.PrecisionType.FP32, *(integral if integers else []), lite.PrecisionType.Any]
    config = lite.CxxConfig()
    config.set_model_file(program)
    config.set_param_file(params)
    config.set_valid_places([lite.Place(kind, precision, lite.DataLayoutType.NCHW) for precision in precisions])
    for name in discard:
        config.add_discarded_pass(name)
    lite.create_paddle_predictor(config).save_optimized_model(out[: -len(".nb")])
    return {"seconds": time.time() - started, "bytes": os.path.getsize(out)}


def run(nb, inputs_npz, outputs_npz, feeds, fetches):
    """Run an x86 model over several samples, in the order of the program's `feeds` and `fetches` (variable names).

    Needs numpy < 2. Both files hold one array for each sample and variable, named `<sample>/<variable>`.
    """
    import numpy
    from paddlelite import lite

    started = time.time()
    config = lite.MobileConfig()
    config.set_model_from_file(nb)
    predictor = lite.create_paddle_predictor(config)
    loaded = time.time()
    made = {}
    with numpy.load(inputs_npz) as given:
        samples = sorted({name.split("/")[0] for name in given.files}, key=int)
        for sample in samples:
            for index, name in enumerate(feeds):
                predictor.get_input(index).from_numpy(given["%s/%s" % (sample, name)])
            predictor.run()
            for index, name in enumerate(fetches):
                made["%s/%s" % (sample, name)] = predictor.get_output(index).numpy().copy()
    numpy.savez(outputs_npz, **made)
    return {"load_seconds": loaded - started, "run_seconds": time.time() - loaded, "samples": len(samples)}


_CHECK = "_ZN6paddle4lite3mir8SSAGraph28CheckBidirectionalConnectionEv"
_TRUE = b"\xb8\x01\x00\x00\x00\xc3"  # mov eax, 1; ret


@functools.lru_cache(None)
def graphs_trusted(library):
    """Let opt take its graph's links for sound, instead of checking every one of them for every operator.

    SSAGraph::CheckBidirectionalConnection (lite/core/optimizer/mir/ssa_graph.cc) ends the process or returns true, prepares
    a line of log for every node whether it is printed or not, and is asked for once an operator: a fifth of opt's time, a
    third for the longest networks. Its first instructions are overwritten in this process's memory; where that is not
    allowed, or this is no x86-64, opt is slower. Returns whether it was done.
    """
    import ctypes
    import mmap
    import platform

    function = getattr(ctypes.CDLL(library), _CHECK, None)
    if function is None or platform.machine() != "x86_64":
        return False
    address = ctypes.cast(function, ctypes.c_void_p).value
    page = address - address % mmap.PAGESIZE
    size = address + len(_TRUE) - page
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    if protect(page, size, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC):
        return False
    ctypes.memmove(address, _TRUE, len(_TRUE))
    protect(page, size, mmap.PROT_READ | mmap.PROT_EXEC)
    return True


def keep_memory():
    """Let the process keep what it frees (up to 256 MB), instead of asking the kernel for zeroed pages at every model.

    glibc's mallopt: M_MMAP_THRESHOLD is -3, M_TRIM_THRESHOLD -1, M_TOP_PAD -2. Measured: opt's system time halves.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in ((-3, 64 << 20), (-1, 256 << 20), (-2, 16 << 20)):
            mallopt(parameter, value)


if __name__ == "__main__":
    keep_memory()
    protocol.serve({"info": info, "opt": opt, "opt_short": opt_short, "run": run}, info)
