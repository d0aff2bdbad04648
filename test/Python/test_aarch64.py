# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""AArch64: executables made on any machine, run by an emulator of several processors, give the interpreter's bits."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import EMULATOR, ROOT

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
DIGITS = ROOT / "examples/digits/digits.onnx"

pytestmark = pytest.mark.skipif(EMULATOR is None, reason="qemu-aarch64-static is not installed")

PRECISIONS = {"uint8": [], "int8": ["--activations", "int8"], "int16": ["--activations", "int16"], "float": ["--float"]}


@pytest.fixture(scope="module", params=PRECISIONS)
def model(request, tmp_path_factory):
    """A folder with digits.exe for AArch64 and in.npz, and the outputs expected of it."""
    folder = tmp_path_factory.mktemp("aarch64")
    data = np.load(ROOT / "examples/digits/digits.npz")
    np.savez(folder / "calib.npz", image=data["calibration"].astype(np.float32) / 16)
    np.savez(folder / "in.npz", image=data["test"][:5].astype(np.float32) / 16)
    options = PRECISIONS[request.param]
    if request.param != "float":
        options = [*options, "--calib", folder / "calib.npz"]

    def run(*arguments):
        subprocess.run([NIBBLE, *map(str, arguments)], check=True, capture_output=True)

    def compile(target):
        run("compile", DIGITS, *options, "--target", target, "--emit", "exe", "-o", folder / "digits.exe")
        return folder

    phase = "normalize" if request.param == "float" else "fold"
    run("compile", DIGITS, *options, "--stop-after", phase, "-o", folder / "digits.mlir")
    run("run", folder / "digits.mlir", "--reference", "--inputs", folder / "in.npz", "--outputs", folder / "ref.npz")
    return compile, np.load(folder / "ref.npz")["logits"]


def emulate(cpu, folder):
    return subprocess.run([EMULATOR, "-cpu", cpu, folder / "digits.exe", "--inputs", folder / "in.npz",
                           "--outputs", folder / "out.npz"], capture_output=True, text=True)


@pytest.mark.parametrize("target, cpus", [("neon", ["cortex-a53"]), ("dotprod", ["cortex-a76"]),
                                          ("i8mm", ["max"]),
                                          ("aarch64-linux-gnu", ["cortex-a53", "cortex-a76", "max"])])
def test_same_bits(model, target, cpus):
    compile, expected = model
    folder = compile(target)
    for cpu in cpus:
        done = emulate(cpu, folder)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        result = np.load(folder / "out.npz")["logits"]
        assert result.shape == expected.shape and result.tobytes() == expected.tobytes(), cpu


@pytest.mark.parametrize("target, cpu", [("dotprod", "cortex-a53"), ("i8mm", "cortex-a53"), ("i8mm", "cortex-a76")])
def test_processor_without_the_instructions(model, target, cpu):
    folder = model[0](target)
    done = emulate(cpu, folder)
    assert done.returncode == 1
    assert done.stderr.endswith("error: this machine has none of the instruction sets that the model was compiled for\n")


@pytest.mark.parametrize("options", [[], ["--activations", "int8"], ["--weights", "int4"], ["--weights", "int2"],
                                     ["--weights", "int4", "--group", "16"], ["--mode", "dynamic"]], ids=" ".join)
@pytest.mark.parametrize("rows, depth, columns", [(1, 8, 16), (2, 4, 3), (5, 20, 40), (7, 29, 33),
                                                  (13, 64, 48)])
def test_tails_of_products(options, rows, depth, columns, tmp_path):
    """Odd rows, odd steps of four bytes and columns that do not fill a vector, by a matrix product and by a convolution."""
    random = np.random.default_rng(rows)
    w = random.normal(0, 1, (depth, columns)).astype(np.float32)
    v = random.normal(0, 1, (6, 3, 3, 3)).astype(np.float32)
    tensor = onnx.helper.make_tensor_value_info
    x, image = tensor("x", 1, [1, rows, depth]), tensor("image", 1, [1, 6, rows + 2, 5])
    y, z = tensor("y", 1, [1, rows, columns]), tensor("z", 1, [1, 6, rows, 3])
    nodes = [onnx.helper.make_node("MatMul", ["x", "w"], ["y"], name="product"),
             onnx.helper.make_node("Conv", ["image", "v"], ["z"], name="groups", group=2)]
    graph = onnx.helper.make_graph(nodes, "g", [x, image], [y, z],
                                   [onnx.numpy_helper.from_array(w, "w"), onnx.numpy_helper.from_array(v, "v")])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    data = {"x": random.normal(0, 1, (4, rows, depth)), "image": random.normal(0, 1, (4, 6, rows + 2, 5))}
    np.savez(tmp_path / "calib.npz", **{key: value.astype(np.float32) for key, value in data.items()})
    np.savez(tmp_path / "in.npz", **{key: value[:1].astype(np.float32) for key, value in data.items()})

    def run(*arguments):
        subprocess.run([NIBBLE, *map(str, arguments)], check=True, capture_output=True)

    calib = [] if "--mode" in options else ["--calib", tmp_path / "calib.npz"]
    common = [tmp_path / "m.onnx", *options, *calib]
    run("compile", *common, "--stop-after", "fold", "-o", tmp_path / "m.mlir")
    run("run", tmp_path / "m.mlir", "--reference", "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "ref.npz")
    run("compile", *common, "--target", "aarch64-linux-gnu", "--emit", "exe", "-o", tmp_path / "m")
    expected = np.load(tmp_path / "ref.npz")
    for cpu in ["cortex-a53", "cortex-a76", "max"]:
        subprocess.run([EMULATOR, "-cpu", cpu, tmp_path / "m", "--inputs", tmp_path / "in.npz", "--outputs",
                        tmp_path / "out.npz"], check=True)
        actual = np.load(tmp_path / "out.npz")
        for key in expected.files:
            assert actual[key].tobytes() == expected[key].tobytes(), (cpu, key)


def test_products_of_two_values(tmp_path):
    """Odd rows, depths and columns, of signed bytes and of a softmax's."""
    values = [onnx.helper.make_tensor_value_info(name, 1, shape) for name, shape in
              {"x": [2, 35, 37], "y": [2, 35, 37], "p": [2, 35, 35]}.items()]
    nodes = [onnx.helper.make_node("Tanh", ["x"], ["k"]), onnx.helper.make_node("Transpose", ["k"], ["t"], perm=[0, 2, 1]),
             onnx.helper.make_node("MatMul", ["x", "t"], ["s"], name="scores"),
             onnx.helper.make_node("Softmax", ["s"], ["p"], axis=2),
             onnx.helper.make_node("MatMul", ["p", "k"], ["y"], name="mixed")]
    graph = onnx.helper.make_graph(nodes, "g", values[:1], values[1:])
    path = tmp_path / "m.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)
    x = np.random.default_rng(3).normal(0, 1, (2, 35, 37)).astype(np.float32)
    x[1, 4, 5] = np.nan
    np.savez(tmp_path / "in.npz", x=x)
    model = nibble.compile(path, mode="dynamic")
    assert sum(node["operation"] == "nibble.dynamic_matmul" for node in model.summary["nodes"]) == 2
    expected = dict(zip(["y", "p"], model.reference({"x": x})))
    subprocess.run([NIBBLE, "compile", path, "--mode", "dynamic", "--target", "aarch64-linux-gnu", "--emit", "exe", "-o",
                    tmp_path / "m"], check=True, capture_output=True)
    for cpu in ["cortex-a53", "cortex-a76", "max"]:
        subprocess.run([EMULATOR, "-cpu", cpu, tmp_path / "m", "--inputs", tmp_path / "in.npz", "--outputs",
                        tmp_path / "out.npz"], check=True)
        actual = np.load(tmp_path / "out.npz")
        for name, values in expected.items():
            np.testing.assert_array_equal(np.isnan(actual[name]), np.isnan(values))
            assert np.nan_to_num(actual[name]).tobytes() == np.nan_to_num(values).tobytes(), (cpu, name)
            assert not np.isnan(values[0]).any() and np.isnan(values[1]).any()


MCA = shutil.which("llvm-mca-22")


def straight_runs(assembly):
    """The instructions between labels and branches."""
    run = []
    for line in assembly.splitlines():
        text = line.split("//")[0].strip()
        if re.match(r"[\w.$]+:", line) or not text.startswith("."):
            run += [] if text.endswith(":") else [text]
            if text.endswith(":") or re.match(r"(b|b\..*|cbn?z|tbn?z)\s", text):
                yield [each for each in run if each]
                run = []


def cycles(instructions, cpu):
    """Of one iteration, by llvm-mca."""
    text = "loop:\n" + "\n".join(re.sub(r"\.L\w+", "loop", each) for each in instructions) + "\n"
    report = subprocess.run([MCA, "-mtriple=aarch64", f"-mcpu={cpu}", "-iterations=100"], input=text, text=True, check=True,
                            capture_output=True).stdout
    return int(re.search(r"Total Cycles:\s+(\d+)", report)[1]) / 100


@pytest.fixture
def inner_loop(tmp_path):
    """The longest loop of a product's kernel on a row that has at least so many of an instruction, and how many it has."""
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 196, 192])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 196, 64])
    w = np.random.default_rng(0).normal(0, 1, (192, 64)).astype(np.float32)
    graph = onnx.helper.make_graph([onnx.helper.make_node("MatMul", ["x", "w"], ["y"], name="product")], "g", [x], [y],
                                   [onnx.numpy_helper.from_array(w, "w")])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8),
              tmp_path / "m.onnx")
    np.savez(tmp_path / "calib.npz", x=np.random.default_rng(1).normal(0, 1, (4, 196, 192)).astype(np.float32))

    def longest(target, instruction, least):
        subprocess.run([NIBBLE, "compile", tmp_path / "m.onnx", "--calib", tmp_path / "calib.npz", "--target", target, "--emit",
                        "asm", "-o", tmp_path / "m.s"], check=True, capture_output=True)
        count = {len(run): (sum(each.startswith(instruction) for each in run), run)
                 for run in straight_runs((tmp_path / "m.s").read_text())}
        loops = [count[length] for length in sorted(count) if count[length][0] >= least]
        assert loops
        return loops[-1]

    return longest


@pytest.mark.skipif(MCA is None, reason="llvm-mca-22 is not installed")
def test_inner_loop_keeps_the_pipes_busy(inner_loop):
    """A product's inner loop reaches 85 % of two dot products a cycle."""
    count, dots = inner_loop("dotprod", "sdot", 32)
    assert count / 2 / cycles(dots, "neoverse-n1") >= 0.85


@pytest.mark.skipif(MCA is None, reason="llvm-mca-22 is not installed")
def test_pairs_of_rows_keep_the_pipes_busy(inner_loop):
    """A product's inner loop reaches 85 % of two products of matrices a cycle."""
    count, pairs = inner_loop("i8mm", "usmmla", 16)
    assert count / 2 / cycles(pairs, "neoverse-n2") >= 0.85
