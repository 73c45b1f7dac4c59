"""Runs inside an interpreter that has paddlelite: opt, and the x86 engine. Stand-alone; Python 3.6 and later.

Operations: `info`, `opt`, `run`. The engine ends the process on much bad input (abort, SIGSEGV, exit 0); the
driver takes that for an answer (edge.convert.opt.optimise), so nothing is caught here.
"""

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
    if fp16:
        opt.enable_fp16()  # first: set_valid_places adds the float16 places only if it is on by then
    opt.set_valid_places(targets)
    opt.set_model_type("naive_buffer")
    opt.set_optimize_out(out[: -len(".nb")])
    if quant:
        opt.set_quant_model(True)
        opt.set_quant_type({"int8": "QUANT_INT8", "int16": "QUANT_INT16"}[quant])
    if sparse_threshold is not None:
        opt.set_sparse_model(True)
        opt.set_sparse_threshold(sparse_threshold)
    opt.run()
    return {"seconds": time.time() - started, "bytes": os.path.getsize(out)}


def run(nb, inputs_npz, outputs_npz, feeds, fetches, head=None, replaced=0):
    """Run an x86 model over several samples, in the order of the program's `feeds` and `fetches` (variable names).

    Needs numpy < 2. Both files hold one array for each sample and variable, named `<sample>/<variable>`. What the file
    `head` holds takes the place of the model's first `replaced` bytes.
    """
    import numpy
    from paddlelite import lite

    started = time.time()
    config = lite.MobileConfig()
    if head is None:
        config.set_model_from_file(nb)
    else:
        with open(head, "rb") as first:
            model = b"".join((first.read(), numpy.memmap(nb, mode="r", offset=replaced)))  # in memory once
        config.set_model_from_buffer(model)
        del model
    predictor = lite.create_paddle_predictor(config)
    loaded = time.time()
    made = {}
    with numpy.load(inputs_npz) as given:
        samples = sorted({name.split("/")[0] for name in given.files}, key=int)
        for sample in protocol.told(samples):
            for index, name in enumerate(feeds):
                predictor.get_input(index).from_numpy(given["%s/%s" % (sample, name)])
            predictor.run()
            for index, name in enumerate(fetches):
                made["%s/%s" % (sample, name)] = predictor.get_output(index).numpy().copy()
    numpy.savez(outputs_npz, **made)
    return {"load_seconds": loaded - started, "run_seconds": time.time() - loaded, "samples": len(samples)}


if __name__ == "__main__":
    protocol.serve({"info": info, "opt": opt, "run": run}, info)
