# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Microcontrollers: static libraries linked with the program of examples/cortex-m (and examples/riscv) and run on emulated boards give the bits of the
x86 library of the same plan, without a floating-point instruction, a library, or a memory that was not foreseen."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import ROOT
from onnx import TensorProto, helper, numpy_helper

import nibble

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
DIGITS = ROOT / "examples/digits/digits.onnx"
TARGETS = ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m33", "cortex-m55", "rv32imc"]
OBJDUMP, NM = shutil.which("llvm-objdump-22"), shutil.which("llvm-nm-22")

needs_objdump = pytest.mark.skipif(not OBJDUMP or not NM, reason="llvm-objdump-22 is not installed")

spec = importlib.util.spec_from_file_location("cortex_m_run", ROOT / "examples/cortex-m/run.py")
board = importlib.util.module_from_spec(spec)
spec.loader.exec_module(board)

# Of one image of the digits.
MOST_INSTRUCTIONS = {"cortex-m0": 6_000_000, "cortex-m3": 2_000_000, "cortex-m4": 1_400_000, "cortex-m33": 1_400_000,
                     "cortex-m55": 310_000, "rv32imc": 2_700_000}
EMULATORS = {entry.emulator for entry in board.BOARDS.values()}
needs_emulator = pytest.mark.skipif(not all(map(shutil.which, EMULATORS)), reason=f"{EMULATORS} are not all installed")

# All that ARMv6-M has.
ARMV6M = set("""adcs add adds adr ands asrs b beq bne bhs blo bmi bpl bvs bvc bhi bls bge blt bgt ble bics bkpt bl blx bx
    cmn cmp cpsid cpsie dmb dsb eors isb ldm ldr ldrb ldrh ldrsb ldrsh lsls lsrs mov movs mrs msr muls mvns nop orrs pop
    push rev rev16 revsh rors rsbs sbcs sev stm str strb strh sub subs svc sxtb sxth tst udf uxtb uxth wfe wfi
    yield""".split())
# Of vectors of integers; all else that begins with v computes in floating point, or moves what does.
MVE = re.compile(r"v(ldr[bhw]|str[bhw]|ld[24][0-3]|st[24][0-3]|mov(lb|lt|nb|nt)?|dup|mvn|orr|orn|eor|and|bic|add|sub|neg|"
                 r"mul[hl]?[bt]?|mladav|mlav|mla|min|max|shl|shr|shrn[bt]|rshl|qmov(u)?n[bt]|cmp|ps[et]|psel|ctp|"
                 r"addv|maxv|minv|push|pop|idup|ldmia|stmdb|msr|mrs)a?s?x?[te]?$")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """A folder with calib.npz, samples, and what the x86 library of the same plan makes of them."""
    folder = tmp_path_factory.mktemp("cortexm")
    data = np.load(ROOT / "examples/digits/digits.npz")
    np.savez(folder / "calib.npz", image=data["calibration"].astype(np.float32) / 16)
    model = nibble.compile(DIGITS, folder / "calib.npz", io="quantized", requant="fixed", target="generic")
    samples = (data["test"][:5].astype(np.uint16) * 255 // 16).astype(np.uint8)
    expected = b"".join(model.run({"image": sample[None]})[0].tobytes() for sample in samples)
    return folder, samples, expected


def compile_for(target, folder, *options):
    path = folder / f"{target}.a"
    done = subprocess.run([NIBBLE, "compile", DIGITS, "--calib", folder / "calib.npz", "--target", target, "--emit", "a",
                           "--name", "digits", "-o", path, *options], capture_output=True, text=True)
    return path, done


@pytest.fixture(scope="module", params=TARGETS)
def library(request, plan):
    path, done = compile_for(request.param, plan[0])
    assert done.returncode == 0, done.stderr
    return request.param, path, done.stdout


@needs_emulator
def test_same_bits(library, plan):
    target, path, summary = library
    _, samples, expected = plan
    output, printed = board.run(path, target, samples.tobytes())
    assert output == expected
    assert 0 < printed["instructions"] < MOST_INSTRUCTIONS[target]
    stack = int(re.search(r"^stack +([\d,]+) B", summary, re.MULTILINE)[1].replace(",", ""))
    assert printed["stack"] <= stack <= printed["stack"] + 256


@needs_emulator
@pytest.mark.parametrize("target", TARGETS)
def test_divisions_and_wide_numbers(target, tmp_path):
    """A sum of two branches, a mean and a softmax: ARMv6-M has neither division, nor products of 64 bits, nor clz."""
    random = np.random.default_rng(2)
    weights = [numpy_helper.from_array(random.normal(size=shape).astype(np.float32), name)
               for name, shape in {"w": (8, 3, 3, 3), "v": (8, 8, 3, 3), "d": (8, 5)}.items()]
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"], "a", pads=[1, 1, 1, 1]),
             helper.make_node("Conv", ["a", "v"], ["b"], "b", pads=[1, 1, 1, 1]),
             helper.make_node("Add", ["a", "b"], ["s"], "s"),
             helper.make_node("GlobalAveragePool", ["s"], ["p"], "p"),
             helper.make_node("Flatten", ["p"], ["f"], "f"),
             helper.make_node("MatMul", ["f", "d"], ["l"], "l"),
             helper.make_node("Softmax", ["l"], ["y"], "y", axis=1)]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "g", [value("x", [1, 3, 5, 7])], [value("y", [1, 5])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    np.savez(tmp_path / "calib.npz", x=random.normal(size=(8, 3, 5, 7)).astype(np.float32))
    options = dict(io="quantized", requant="fixed", min_sqnr=0)
    model = nibble.compile(tmp_path / "m.onnx", tmp_path / "calib.npz", target="generic", **options)
    samples = random.integers(0, 256, size=(3, 3, 5, 7)).astype(np.uint8)
    expected = b"".join(model.run({"x": sample[None]})[0].tobytes() for sample in samples)
    subprocess.run([NIBBLE, "compile", tmp_path / "m.onnx", "--calib", tmp_path / "calib.npz", "--target", target, "--emit",
                    "a", "--min-sqnr", "0", "-o", tmp_path / "m.a", "--name", "m"], check=True, capture_output=True)
    assert board.run(tmp_path / "m.a", target, samples.tobytes())[0] == expected


@needs_emulator
def test_fits_the_microbit(plan):
    """A board with 16 KB of memory; the program keeps 4 KB for the stack."""
    path, done = compile_for("cortex-m0", plan[0])
    assert done.returncode == 0, done.stderr
    output, _ = board.run(path, "microbit", plan[1].tobytes(), port_bytes=128)
    assert output == plan[2]


@needs_emulator
def test_input_that_ends_within_a_sample(plan):
    path, done = compile_for("cortex-m3", plan[0])
    assert done.returncode == 0, done.stderr
    with pytest.raises(RuntimeError, match="the input ends within a sample"):
        board.run(path, "cortex-m3", plan[1].tobytes()[:-1])


def disassemble(path, target):
    processor = ["--mattr=+m,+c"] if target == "rv32imc" else [f"--mcpu={target}"]
    text = subprocess.run([OBJDUMP, "-d", "--no-show-raw-insn", *processor, path], check=True, capture_output=True,
                          text=True).stdout
    return [line.split("\t")[1].split()[0] for line in text.splitlines() if re.match(r" +[0-9a-f]+:", line)]


def computes_floats(mnemonic, target):
    if target == "rv32imc":
        return mnemonic.startswith(("f", "c.f", "v")) and mnemonic != "fence"
    return mnemonic.startswith("v") and not (target == "cortex-m55" and MVE.match(mnemonic))


@needs_objdump
def test_no_floating_point_and_no_library(library):
    target, path, _ = library
    mnemonics = {word if target == "rv32imc" else word.split(".")[0] for word in disassemble(path, target)} - {""}
    assert len(mnemonics) > 10 and "<unknown>" not in mnemonics
    assert not {word for word in mnemonics if computes_floats(word, target)}
    symbols = subprocess.run([NM, "--undefined-only", "--format=just-symbols", path], check=True, capture_output=True,
                             text=True).stdout.split()
    assert {s for s in symbols if not s.endswith(".o:")} <= {"digits_weights", "memcpy", "memset"}


@needs_objdump
def test_armv6m_has_all_opcodes(plan):
    path, done = compile_for("cortex-m0", plan[0])
    assert done.returncode == 0, done.stderr
    assert not {word.split(".")[0] for word in disassemble(path, "cortex-m0")} - ARMV6M - {""}


@pytest.mark.parametrize("options, message", [
    (["--requant", "float"], "target 'cortex-m4' has no floating-point instructions, which requant 'float' needs: "
                             "expected auto or fixed"),
    (["--mode", "dynamic"], "target 'cortex-m4' has no floating-point instructions, which mode 'dynamic' needs: expected "
                            "auto or static"),
    (["--emit", "so"], "target 'cortex-m4' has no operating system to load what emit 'so' writes: expected a or o"),
    (["--io", "model"], "it computes in floating point, which the target has no instructions for"),
    (["--activations", "int16"], "it has no kernels for 16-bit values"),
    (["--max-ram", "0"], "max-ram is 0 bytes, expected 1 or more"),
])
def test_refused(plan, options, message):
    _, done = compile_for("cortex-m4", plan[0], *options)
    assert done.returncode == 1 and message in done.stderr, done.stderr


def test_refuses_float(tmp_path):
    done = subprocess.run([NIBBLE, "compile", DIGITS, "--float", "--target", "cortex-m3", "--emit", "a", "-o",
                           tmp_path / "m.a"], capture_output=True, text=True)
    assert "target 'cortex-m3' has no floating-point instructions, which weights 'float' need" in done.stderr


def test_budgets(plan):
    _, done = compile_for("cortex-m4", plan[0], "--max-ram", "1000")
    assert done.returncode == 1
    assert re.search(r"the model needs [\d,]+ bytes of RAM \(arena [\d,]+, stack [\d,]+\), more than max-ram 1,000; node "
                     r"'.+' needs most, with '.+' \([\d,]+\) and '.+' \([\d,]+\): smaller or fewer channels there help",
                     done.stderr), done.stderr
    _, done = compile_for("cortex-m4", plan[0], "--max-flash", "1000")
    assert done.returncode == 1
    assert re.search(r"the model needs [\d,]+ bytes of flash \(weights [\d,]+, code [\d,]+\), more than max-flash 1,000: "
                     r"fewer weights, or fewer kinds of layers, help",
                     done.stderr), done.stderr
    _, done = compile_for("cortex-m4", plan[0], "--max-ram", "16000", "--max-flash", "64000")
    assert done.returncode == 0, done.stderr


def test_narrow_weights_lie_in_bytes(plan):
    _, done = compile_for("cortex-m4", plan[0], "--weights", "int4")
    assert done.returncode == 0, done.stderr
    said = re.findall(r"its weights are stored as bytes: (.*)", done.stdout)
    assert said and set(said) == {"kernels of microcontrollers unpack none"}


def test_memory_that_values_share_is_counted_once(tmp_path):
    """A sum is written over its addend: what the message adds up is what lies in the arena."""
    random = np.random.default_rng(0)
    weights = {f"w{i}": random.normal(0, 0.2, (16, 16, 3, 3)).astype(np.float32) for i in (1, 2)}
    nodes = [onnx.helper.make_node("Conv", ["x", "w1"], ["a"], "first", pads=[1, 1, 1, 1]),
             onnx.helper.make_node("Relu", ["a"], ["b"], "relu"),
             onnx.helper.make_node("Conv", ["b", "w2"], ["c"], "second", pads=[1, 1, 1, 1]),
             onnx.helper.make_node("Add", ["b", "c"], ["d"], "sum"),
             onnx.helper.make_node("GlobalAveragePool", ["d"], ["y"], "pool")]
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(nodes, "g", [value("x", 1, [1, 16, 16, 16])], [value("y", 1, [1, 16, 1, 1])],
                                   [onnx.numpy_helper.from_array(w, name) for name, w in weights.items()])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8),
              tmp_path / "m.onnx")
    np.savez(tmp_path / "calib.npz", x=random.normal(0, 1, (4, 16, 16, 16)).astype(np.float32))
    done = subprocess.run([NIBBLE, "compile", tmp_path / "m.onnx", "--calib", tmp_path / "calib.npz", "--target", "cortex-m4",
                           "--emit", "a", "--max-ram", "1000", "-o", tmp_path / "m.a"], capture_output=True, text=True)
    number = lambda text: int(text.replace(",", ""))
    arena = number(re.search(r"arena ([\d,]+)", done.stderr)[1])
    named = [number(each) for each in re.findall(r"' \(([\d,]+)\)", done.stderr)]
    assert done.returncode == 1 and named and sum(named) <= arena, done.stderr


ZOO = ROOT.parent / "shared" / "models"
MODELS = {"kws_dscnn": 3, "ic_resnet8": 2, "ad_autoencoder": 3}


@needs_emulator
@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m55", "rv32imc"])
@pytest.mark.parametrize("name", MODELS)
def test_real_models(name, target, tmp_path):
    """The bits of the x86 library of the same plan, on inputs that are not of the calibration."""
    model_path = ZOO / name / "model.onnx"
    if not model_path.exists():
        pytest.skip(f"there are no models in {ZOO}")
    rng = np.random.default_rng(1)
    ports = nibble.compile(model_path, weights="float").inputs
    shape = [1 if not isinstance(d, int) or d < 0 else d for d in ports[0].shape]
    np.savez(tmp_path / "calib.npz", **{ports[0].name: rng.normal(size=(16, *shape[1:])).astype(np.float32)})
    options = dict(io="quantized", requant="fixed", calib_method="minmax", bias_correction="off", min_sqnr=0)
    model = nibble.compile(model_path, tmp_path / "calib.npz", target="generic", **options)
    port = model.inputs[0]
    samples = rng.integers(0, 256, size=(MODELS[name], *shape[1:])).astype(np.uint8).view(port.dtype)
    expected = b"".join(model.run({port.name: sample[None]})[0].tobytes() for sample in samples)
    path = tmp_path / "model.a"
    subprocess.run([NIBBLE, "compile", model_path, "--calib", tmp_path / "calib.npz", "--target", target, "--emit", "a",
                    "--calib-method", "minmax", "--bias-correction", "off", "--min-sqnr", "0", "-o", path, "--name", name],
                   check=True, capture_output=True)
    output, _ = board.run(path, target, samples.tobytes())
    assert output == expected
