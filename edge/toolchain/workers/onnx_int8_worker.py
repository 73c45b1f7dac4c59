"""ONNX Runtime's static quantisation behind the line protocol: runs inside an interpreter that has it. Stand-alone.

Operation: `quantise`.
"""

import collections
import os
import tempfile

import agreement
import numpy
import onnx
import onnx_worker
import protocol

COMPUTING = ("Conv", "Gemm", "MatMul")  # the operators with weights that it has int8 kernels for
CHUNK = 4  # images, of which all variables are in memory at once


def quantise(model, images, algorithm, out):
    """Write the network `model` with QuantizeLinear and DequantizeLinear around all that ONNX Runtime has int8 kernels for.

    `images` is a .npy file of float32 images (N, ...), which the ranges of the activations are learnt from; `algorithm` is how,
    in the words of Paddle's quantisation. Weights are rounded with a scale for each channel, to 8 bits. The answer describes
    the file, counts the operators with weights and activations in int8 and all that could have them, tells what ONNX Runtime
    makes of the file here (`kernels`, operators by type), and compares with the float network on the same images.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantType
    from onnxruntime.quantization.calibrate import create_calibrator
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
    from onnxruntime.quantization.registry import QDQRegistry

    methods = {
        "avg": (CalibrationMethod.MinMax, {"moving_average": True}),
        "abs_max": (CalibrationMethod.MinMax, {}),
        "hist": (CalibrationMethod.Percentile, {"percentile": 99.999}),
        "KL": (CalibrationMethod.Entropy, {}),
    }
    given = numpy.load(images, mmap_mode="r")
    proto = onnx.load(model)
    weights = {tensor.name for tensor in proto.graph.initializer}
    (taken,) = [value.name for value in proto.graph.input if value.name not in weights]
    possible = sum(_with_weights(node, weights) for node in proto.graph.node)
    method, more = methods[algorithm]
    kinds = list(QDQRegistry)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(out)) as scratch:
        augmented = os.path.join(scratch, "augmented.onnx")
        calibrator = create_calibrator(
            model, kinds, augmented_model_path=augmented, calibrate_method=method, extra_options=more
        )
        for start in protocol.told(range(0, len(given), CHUNK)):
            calibrator.collect_data(_Images(taken, given[start : start + CHUNK]))
        ranges = calibrator.compute_data()
        # per channel, 8 bits and not 7, weights, activations; all nodes of these kinds
        quantiser = QDQQuantizer(proto, True, False, QuantType.QInt8, QuantType.QInt8, ranges, [], [], kinds, {})
        quantiser.quantize_model()
        quantiser.model.topological_sort()
        made = quantiser.model.model
        onnx.checker.check_model(made)
        onnx_worker._write(made, out)
        optimised = os.path.join(scratch, "optimised.onnx")
        before, after = _outputs(model, taken, given), _outputs(out, taken, given, optimised)
        kernels = collections.Counter(node.op_type for node in onnx.load(optimised).graph.node)
    makers = {name: node for node in made.graph.node for name in node.output}
    quantised = sum(
        node.op_type in COMPUTING
        and all(name in makers and makers[name].op_type == "DequantizeLinear" for name in node.input[:2])
        for node in made.graph.node
    )
    return dict(
        onnx_worker._described(made),
        quantised=quantised,
        possible=possible,
        operators=_counted(node.op_type for node in made.graph.node),
        kernels=_counted(kernels.elements()),
        **agreement.compared(before, after),
    )


class _Images:
    """As ONNX Runtime's calibration reads them: one after the other."""

    def __init__(self, name, images):
        self._name, self._left = name, iter(images)

    def get_next(self):
        image = next(self._left, None)
        return None if image is None else {self._name: numpy.array(image)[numpy.newaxis]}


def _with_weights(node, weights):
    return node.op_type in COMPUTING and node.input[1] in weights


def _counted(kinds):
    return dict(sorted(collections.Counter(kinds).items()))


def _outputs(model, taken, images, optimised=None):
    """The first output for each image; the graph that ONNX Runtime runs is written to `optimised`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.x64quantprecision", "1")
    if optimised is not None:
        options.optimized_model_filepath = optimised
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return numpy.stack([session.run(None, {taken: image[numpy.newaxis]})[0].ravel() for image in images])


if __name__ == "__main__":
    protocol.serve({"quantise": quantise}, onnx_worker.info)
