"""ONNX files: from an inference program by paddle2onnx and onnxsim, compared with Paddle by ONNX Runtime."""
