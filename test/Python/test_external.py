# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Large weights: beside the model they are mapped, inside it they are held once."""
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

TOOLS = Path(os.environ.get("NIBBLE_BUILD_DIR", Path(__file__).resolve().parents[2] / "build")) / "bin"
MEGABYTE = 1 << 20


def save(weight, path):
    """A matrix product with `weight`; its opset has to be converted."""
    shapes = {"x": [1, weight.dims[0]], "y": [1, weight.dims[1]]}
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", info[:1], info[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=7)
    path.write_bytes(model.SerializeToString())
    return path


# A process's peak counts what its parent held when it was started: so a small parent starts it.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak(path):
    """The memory that the import of a model takes at most, in bytes."""
    command = [sys.executable, "-S", "-c", MEASURE, TOOLS / "nibble", "inspect", path]
    return 1024 * int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """What any import takes."""
    weight = onnx.numpy_helper.from_array(np.zeros((4, 4), np.float32), "w")
    return peak(save(weight, tmp_path_factory.mktemp("empty") / "model.onnx"))


def test_external_weights_beyond_2_gigabytes_are_mapped(tmp_path, empty):
    rows, columns = 256, 2_400_000
    with open(tmp_path / "weights.bin", "wb") as data:
        data.truncate(4 * rows * columns)  # a hole: it takes no room on the disk
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[rows, columns],
                         data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="weights.bin")
    assert peak(save(weight, tmp_path / "model.onnx")) < empty + 32 * MEGABYTE


def hash_of(path):
    command = [TOOLS / "nibble", "inspect", path, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["hash"]


def test_hash_covers_external_weights(tmp_path):
    """Else measurements of other weights would pass for this model's."""
    values = np.random.default_rng(0).normal(size=(8, 600)).astype(np.float32)
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=values.shape, data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="weights.bin")
    (tmp_path / "weights.bin").write_bytes(values.tobytes())
    path = save(weight, tmp_path / "model.onnx")
    np.savez(tmp_path / "data.npz", x=np.ones((4, 8), np.float32))
    calibrated = tmp_path / "model.calib.json"
    nibble = [TOOLS / "nibble"]
    subprocess.run([*nibble, "calibrate", path, "--calib", tmp_path / "data.npz", "-o", calibrated], check=True)
    compile = [*nibble, "compile", path, "--calib-file", calibrated, "-o", tmp_path / "model.so"]
    subprocess.run(compile, check=True, stdout=subprocess.DEVNULL)
    before = hash_of(path)
    assert before == hash_of(path) and before != hashlib.sha256(path.read_bytes()).hexdigest()

    values[0, 0] += 1
    (tmp_path / "weights.bin").write_bytes(values.tobytes())
    after = hash_of(path)
    assert after != before
    stale = subprocess.run(compile, capture_output=True, text=True)
    assert stale.returncode == 1
    assert f"was made for another model: its hash is '{before}', expected '{after}'; calibrate again" in stale.stderr


def test_hash_of_one_file_is_its_sha256(tmp_path):
    path = save(onnx.numpy_helper.from_array(np.zeros((4, 4), np.float32), "w"), tmp_path / "model.onnx")
    assert hash_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_internal_weights_are_copied_once(tmp_path, empty):
    weight = onnx.numpy_helper.from_array(np.zeros((4096, 8192), np.float32), "w")
    path = save(weight, tmp_path / "model.onnx")
    # The mapped file and the message; ONNX's converter alone would take three times the weights more.
    assert peak(path) < empty + 2.2 * path.stat().st_size + 32 * MEGABYTE
