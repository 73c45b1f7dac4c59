"""Runs in the paddle engine's interpreter: trains a catalogue network on the digits, exports it as edgezoo does.

usage: train_digits.py WORKERS DATA OUT. WORKERS is edge/toolchain/workers; DATA holds train/ and held-out/ with a folder of
32 x 32 PNG images a digit. OUT gets trained/ and untrained/ (inference models), and predictions.json: what Paddle itself,
with the network as it was trained and a preprocessing written here anew, makes of each held-out image.
"""

import json
import sys
from pathlib import Path

import numpy as np
import paddle  # type: ignore[import-not-found]
from PIL import Image

# Of the catalogue's networks, one that learns in few steps: depthwise convolutions are slow to train on a CPU.
ARCHITECTURE, CLASSES, SIZE, STEPS, BATCH, SEED = "ResNet18", 10, 32, 45, 32, 7


def load(folder: Path) -> tuple[list[str], "np.ndarray", "np.ndarray"]:
    """Names, images (N, 3, 32, 32) with ImageNet's mean and deviation, labels."""
    paths = sorted(folder.glob("*/*.png"))
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB"), np.float32) for path in paths]) / 255
    mean, deviation = (np.array(each, np.float32) for each in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    normal = (pixels - mean) / deviation
    names = [str(path.relative_to(folder)) for path in paths]
    return names, normal.transpose(0, 3, 1, 2), np.array([int(path.parent.name) for path in paths])


def train(network: "paddle.nn.Layer", images: "np.ndarray", labels: "np.ndarray") -> None:
    """Adam with a cosine schedule; the choice of the images is seeded."""
    rate = paddle.optimizer.lr.CosineAnnealingDecay(1e-3, STEPS)
    adam = paddle.optimizer.Adam(rate, parameters=network.parameters())
    draw = np.random.default_rng(SEED)
    network.train()
    for _ in range(STEPS):
        chosen = draw.permutation(len(images))[:BATCH]
        scores = network(paddle.to_tensor(images[chosen]))
        paddle.nn.functional.cross_entropy(scores, paddle.to_tensor(labels[chosen])).backward()
        adam.step()
        adam.clear_grad()
        rate.step()
    network.eval()


def predict(network: "paddle.nn.Layer", images: "np.ndarray") -> "np.ndarray":
    """The classes of each image, best first."""
    with paddle.no_grad():
        scores = np.concatenate(
            [network(paddle.to_tensor(images[i : i + 90])).numpy() for i in range(0, len(images), 90)]
        )
    order: np.ndarray = np.argsort(-scores, axis=1, kind="stable")
    return order


def main(workers: str, data: Path, out: Path) -> None:
    """Train, predict, export."""
    sys.path.insert(0, workers)
    import paddle_networks  # type: ignore[import-not-found]
    import paddle_program  # type: ignore[import-not-found]

    paddle.set_device("cpu")
    network = paddle_networks.build(ARCHITECTURE, CLASSES, SEED)
    paddle_program.save(network, (-1, 3, SIZE, SIZE), str(out / "untrained"))
    _, images, labels = load(data / "train")
    train(network, images, labels)
    names, images, _ = load(data / "held-out")
    predictions = dict(zip(names, predict(network, images).tolist()))  # noqa: B905 - Python 3.10's engines
    (out / "predictions.json").write_text(json.dumps(predictions), encoding="utf-8")
    paddle_program.save(network, (-1, 3, SIZE, SIZE), str(out / "trained"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
