"""Makes LiteRT's files from ONNX files: onnx2tf's function in one long-lived process. Stand-alone; see engine_program.py.

Its program would start TensorFlow anew for each file, write the network in three forms, and download images to calibrate with.
Here the network goes straight to TensorFlow's converter, in float32 and once.
"""

import os
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_USE_LEGACY_KERAS="1", CUDA_VISIBLE_DEVICES="")

import engine_program
import litert_program

IMAGES = "calibration_image_sample_data_20x128x128x3_float32.npy"  # looked for here before it is downloaded


class Onnx2Tf:
    """It converts only: what it makes runs in LiteRT."""

    def info(self):
        from importlib import metadata

        import onnx2tf  # noqa: F401 - so that the driver learns at once if it cannot be had

        versions = {name: metadata.version(name) for name in ("onnx2tf", "tensorflow")}
        return dict(versions, python="%d.%d.%d" % sys.version_info[:3])

    def convert(self, onnx, out, inputs, outputs):
        import numpy
        import onnx2tf
        import tensorflow

        numpy.save(IMAGES, numpy.zeros((20, 128, 128, 3), numpy.float32))  # nothing is calibrated with them
        try:
            network = onnx2tf.convert(
                input_onnx_file_path=onnx,
                output_folder_path="made",
                not_use_onnxsim=True,  # it is simplified, and has names
                not_use_opname_auto_generate=True,
                disable_model_save=True,
                non_verbose=True,
                verbosity="error",
            )
        except SystemExit:  # its way to say that it failed
            raise RuntimeError("onnx2tf cannot translate one of its operators") from None
        signature = [tensorflow.TensorSpec(one.shape, one.dtype, name=one.name) for one in network.inputs]
        called = tensorflow.function(lambda *given: network(given[0] if len(given) == 1 else given))
        concrete = called.get_concrete_function(*signature)
        converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([concrete])
        with open("net.tflite", "wb") as file:
            file.write(converter.convert())
        tensorflow.keras.backend.clear_session()
        model = litert_program.model_of("net.tflite")
        graph = model.subgraphs[0]
        for place, (name, _) in zip(graph.inputs, inputs):
            graph.tensors[place].name = name.encode()
        for place, name in zip(graph.outputs, outputs):
            graph.tensors[place].name = name.encode()
        with open(out, "wb") as file:
            file.write(litert_program.with_outputs(model, []))
        self.shapes = [(name, [int(size) for size in graph.tensors[place].shape])
                       for place, (name, _) in zip(graph.inputs, inputs)]  # fmt: skip
        return []


if __name__ == "__main__":
    sys.exit(engine_program.main(Onnx2Tf()))
