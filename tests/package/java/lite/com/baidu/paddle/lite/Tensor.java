package com.baidu.paddle.lite;

public class Tensor {
    public native boolean resize(long[] dims);

    public native boolean setData(float[] buf);

    public native float[] getFloatData();
}
