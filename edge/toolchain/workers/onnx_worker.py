"""Runs inside an interpreter that has onnx, onnxsim and onnxruntime. Stand-alone.

Operations: `finish` (ends of the graph as asked, onnx.checker), `simplify` (onnxsim), `points`, `run` (ONNX Runtime),
`describe`.
"""

import collections
import math
import os
import sys

import onnx
import protocol

PASSING_ON = ("Identity", "Dropout")


def info():
    """The versions, for the greeting."""
    import onnxruntime
    import onnxsim

    return {
        "onnx": onnx.__version__,
        "onnxsim": onnxsim.__version__.lstrip("v"),
        "onnxruntime": onnxruntime.__version__,
        "python": "%d.%d.%d" % sys.version_info[:3],
    }


def finish(model, out, shapes):
    """Give inputs and outputs the `shapes` (by name; a text is an open dimension, None one to be inferred), check, write.

    The answer describes it; its `problem` is what onnx.checker, which infers all shapes, says against it, None if nothing.
    """
    proto = onnx.load(model)
    proto.producer_name = proto.producer_name or "paddle2onnx"
    for value in [*proto.graph.input, *proto.graph.output]:
        dims = value.type.tensor_type.shape.dim
        for dim, size in zip(dims, shapes[value.name]):
            dim.Clear()
            if isinstance(size, str):
                dim.dim_param = size
            elif size is not None:
                dim.dim_value = size
    del proto.graph.value_info[:]
    proto = onnx.shape_inference.infer_shapes(proto)
    problem = None
    for value in proto.graph.output:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param.startswith("unk__"):  # inference's word for a size that it could not find
                dim.Clear()
    try:
        onnx.checker.check_model(proto, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        problem = " ".join(str(error).rpartition("Error] ")[2].split())  # the innermost of a chain of them
    _write(proto, out)
    return dict(_described(proto), problem=problem)


def simplify(model, out):
    """Simplify with onnxsim and check the result. The answer describes it, as `describe` does."""
    import onnxsim

    proto, _ = onnxsim.simplify(onnx.load(model))
    onnx.checker.check_model(proto, full_check=True)
    _write(proto, out)
    return _described(proto)


def describe(model):
    """What a file is, sound or not: `problem` is what onnx.checker says of it, None if nothing."""
    proto = onnx.load(model, load_external_data=False)
    if not proto.graph.node:
        raise ValueError("it has no ops")
    try:
        onnx.checker.check_model(model)
        problem = None
    except onnx.checker.ValidationError as error:
        problem = str(error).partition("\n")[0]
    ops = collections.Counter(node.op_type for node in proto.graph.node)
    return dict(
        _described(proto),
        opsets={entry.domain or "ai.onnx": entry.version for entry in proto.opset_import},
        producer=("%s %s" % (proto.producer_name, proto.producer_version)).strip(),
        parameters=sum(math.prod(tensor.dims) for tensor in proto.graph.initializer),
        ops=dict(sorted(ops.items(), key=lambda item: (-item[1], item[0]))),
        problem=problem,
    )


def points(model, wanted):
    """Which variables of the file can be compared with another engine's.

    `wanted` is a list of {"name", "logits"}: a variable, and whether the input of the softmax or sigmoid that makes it is, too.
    Simplifying renames what is inside. The answer lists the names found, as `values` and `logits`.
    """
    graph = onnx.load(model, load_external_data=False).graph
    there = _names(graph)
    values = [one["name"] for one in wanted if one["name"] in there]
    logits = [one["name"] for one in wanted if one["logits"] and _logits(graph, one["name"]) is not None]
    return {"values": values, "logits": logits}


def run(model, inputs_npz, outputs_npz, threads=1, wanted=None, simulated=False):
    """ONNX Runtime's outputs for several samples; its own graph optimisations are on, as they are for its users.

    `simulated`: they are off, so that a quantised network is computed node by node, in float32 between its roundings.

    Both files hold one array for each sample and variable, named `<sample>/<variable>`. `wanted` as `points` takes it, by
    default the outputs: those found are saved, and a variable's logits as `<sample>/<variable>/logits`.
    """
    import numpy
    import onnxruntime

    proto = onnx.load(model)
    names = [value.name for value in proto.graph.output]
    fetches = {name: name for name in names}
    if wanted is not None:
        there = _names(proto.graph)
        fetches = {one["name"]: one["name"] for one in wanted if one["name"] in there}
        for one in wanted:
            logits = _logits(proto.graph, one["name"]) if one["logits"] else None
            if logits is not None:
                fetches[one["name"] + "/logits"] = logits
    for name in dict.fromkeys(fetches.values()):
        if name not in names:
            proto.graph.output.add().name = name
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.x64quantprecision", "1")  # sums that do not overflow on older processors
    if simulated:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    taken = {value.name for value in session.get_inputs()}
    made = {}
    with numpy.load(inputs_npz) as given:
        samples = {}
        for key in given.files:
            number, name = key.split("/", 1)
            if name in taken:
                samples.setdefault(number, {})[name] = given[key]
    for number, inputs in samples.items():
        for name, value in zip(fetches, session.run(list(fetches.values()), inputs)):
            made["%s/%s" % (number, name)] = value
    numpy.savez(outputs_npz, **made)
    return {"outputs": names}


def _names(graph):
    return {name for node in graph.node for name in node.output} | {value.name for value in graph.output}


def _logits(graph, name):
    """The input of the softmax or sigmoid that makes this variable; None if nothing of that kind does."""
    makers = {out: node for node in graph.node for out in node.output}
    node = makers.get(name)
    while node is not None and node.op_type in PASSING_ON:
        node = makers.get(node.input[0])
    return node.input[0] if node is not None and node.op_type in ("Softmax", "Sigmoid") else None


def _write(proto, out):
    """Beside, then renamed; without what tells where and by whom it was made twice differently."""
    proto.doc_string = ""
    beside = out + ".part"
    with open(beside, "wb") as file:
        file.write(proto.SerializeToString(deterministic=True))
    os.replace(beside, out)


def _described(proto):
    weights = {tensor.name for tensor in proto.graph.initializer}
    return {
        "opset": next(entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx")),
        "ir_version": proto.ir_version,
        "nodes": len(proto.graph.node),
        "inputs": [_tensor(value) for value in proto.graph.input if value.name not in weights],
        "outputs": [_tensor(value) for value in proto.graph.output],
    }


def _tensor(value):
    """Open dimensions are given by name, or as None where they have none."""
    kind = value.type.tensor_type
    dims = [dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None for dim in kind.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    return {"name": value.name, "shape": dims, "dtype": str(dtype)}


if __name__ == "__main__":
    protocol.serve({"finish": finish, "simplify": simplify, "describe": describe, "points": points, "run": run}, info)
