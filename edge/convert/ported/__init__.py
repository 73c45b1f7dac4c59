"""Files of other engines (OpenVINO, ncnn, MNN, LiteRT): made from verified ONNX files, compared with Paddle there."""
