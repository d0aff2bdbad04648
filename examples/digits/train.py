#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the digits CNN and writes digits.onnx and digits.npz beside this file.

Only this script needs PyTorch and scikit-learn; the demo and the tests read what it wrote.

    pip install torch==2.13.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0
    python3 train.py
"""
import io
from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

SEED = 2026
CALIBRATION, TEST = 200, 500  # the remaining 1097 images train
EPOCHS, BATCH = 60, 64
PIXEL_MAX = 16
HERE = Path(__file__).resolve().parent


def conv_bn(inputs, outputs, size, activation=None, groups=1):
    """A convolution that keeps the image's size, then BatchNorm, then the activation."""
    layers = OrderedDict(
        conv=nn.Conv2d(inputs, outputs, size, padding=size // 2, groups=groups, bias=False),
        bn=nn.BatchNorm2d(outputs))
    if activation:
        layers["act"] = activation
    return nn.Sequential(layers)


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = conv_bn(channels, channels, 3, nn.ReLU())
        self.second = conv_bn(channels, channels, 3)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(x + self.second(self.first(x)))


def make_model():
    """About 39,000 parameters; the channel counts are odd so that no tile fits them evenly."""
    return nn.Sequential(OrderedDict(
        stem=conv_bn(1, 29, 3, nn.ReLU()),
        depthwise=conv_bn(29, 29, 3, nn.ReLU6(), groups=29),
        pointwise=conv_bn(29, 45, 1, nn.ReLU()),
        pool=nn.MaxPool2d(2),
        residual=Residual(45),
        gap=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        classifier=nn.Linear(45, 10)))


def load_split():
    """The images (n x 1 x 8 x 8, uint8, 0 to 16) and labels of each part, fixed by the seed."""
    digits = load_digits()
    images = digits.images.astype(np.uint8)[:, None]
    labels = digits.target.astype(np.uint8)
    order = np.random.default_rng(SEED).permutation(len(images))
    parts = np.split(order, [CALIBRATION, CALIBRATION + TEST])
    return {name: (images[part], labels[part])
            for name, part in zip(("calibration", "test", "train"), parts)}


def shifted(images):
    """Moves every image by up to one pixel each way, filling with background."""
    padded = functional.pad(images, (1, 1, 1, 1))
    moves = torch.randint(0, 3, (len(images), 2)).tolist()
    return torch.stack([image[:, y:y + 8, x:x + 8] for image, (y, x) in zip(padded, moves)])


def train(model, images, labels):
    steps = EPOCHS * -(-len(images) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=steps)
    model.train()
    for epoch in range(1, EPOCHS + 1):
        total = 0.0
        for batch in torch.randperm(len(images)).split(BATCH):
            loss = functional.cross_entropy(model(shifted(images[batch])), labels[batch],
                                            label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        if epoch % 10 == 0:
            print(f"epoch {epoch:3}/{EPOCHS}  loss {total / len(images):.4f}", flush=True)


def export(model, path):
    """Writes ONNX as a user's export has it: BatchNormalization unfolded, batch dynamic."""
    buffer = io.BytesIO()
    torch.onnx.export(model.eval(), torch.zeros(1, 1, 8, 8), buffer, dynamo=False,
                      opset_version=17, training=torch.onnx.TrainingMode.PRESERVE,
                      do_constant_folding=False, input_names=["image"],
                      output_names=["logits"],
                      dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})
    proto = onnx.load_from_string(buffer.getvalue())
    proto.graph.name = "digits"
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, path)


def accuracy(path, images, labels):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits, = session.run(None, {"image": images.astype(np.float32) / PIXEL_MAX})
    return np.mean(logits.argmax(axis=1) == labels)


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    split = load_split()
    images, labels = (torch.from_numpy(part) for part in split["train"])
    model = make_model()
    train(model, images.float() / PIXEL_MAX, labels.long())

    export(model, HERE / "digits.onnx")
    np.savez_compressed(HERE / "digits.npz", calibration=split["calibration"][0],
                        test=split["test"][0], labels=split["test"][1])
    for name in ("digits.onnx", "digits.npz"):
        print(f"{name}: {(HERE / name).stat().st_size:,} bytes")
    print(f"parameters: {sum(p.numel() for p in model.parameters()):,}")
    held_out = accuracy(HERE / "digits.onnx", *split["test"])
    print(f"accuracy on {TEST} held-out images: {held_out:.2%}")


if __name__ == "__main__":
    main()
