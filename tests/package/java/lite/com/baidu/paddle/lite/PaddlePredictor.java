package com.baidu.paddle.lite;

public class PaddlePredictor {
    public static native PaddlePredictor createPaddlePredictor(ConfigBase config);

    public native Tensor getInput(int offset);

    public native Tensor getOutput(int offset);

    public native boolean run();
}
