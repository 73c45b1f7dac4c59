"""Runs in an interpreter with Paddle 3: writes the small network of captured/ (usage: export_small.py OUT).

Made with Paddle 3.0.0, 3.1.1, 3.2.2 and 3.3.0; `inference.json` was kept as `paddle-3.N.json`.
"""

import sys

import paddle  # type: ignore[import-not-found]
from paddle import nn

network = nn.Sequential(
    nn.Conv2D(3, 4, 3, stride=2, padding=1), nn.BatchNorm2D(4), nn.Hardswish(), nn.MaxPool2D(2),
    nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(4, 5), nn.Softmax(),
)  # fmt: skip
network.eval()
spec = [paddle.static.InputSpec(shape=[-1, 3, 16, 16], dtype="float32", name="x")]
paddle.jit.save(paddle.jit.to_static(network, full_graph=True, input_spec=spec), f"{sys.argv[1]}/inference")
