"""What is known of a converted model: the `NAME.json` beside `NAME.nb`, the `NAME.onnx.json` beside `NAME.onnx`."""
