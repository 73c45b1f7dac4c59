package com.baidu.paddle.lite;

/** What the how-to uses of Paddle-Lite's Java interface (lite/api/android/jni/src), to compile against. */
public class MobileConfig extends ConfigBase {
    public native void setModelFromFile(String modelFile);

    public native void setThreads(int threads);

    public native void setPowerMode(PowerMode powerMode);
}
