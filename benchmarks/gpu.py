# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products, convolutions and whole models on this machine's NVIDIA GPU, beside torch and onnxruntime where they are installed.

    ./dev bench-gpu [CASE...] [--small] [--json FILE]

Inputs and outputs lie in the device's memory; a time is the shortest of many runs, from the call to its return, and so has the
launch of the CUDA graph in it, and Nibble's copies of the inputs and outputs between the caller's buffers and its own. torch runs the same product or convolution in float16 (convolutions channels-last), and int8
products by cuBLASLt (`torch._int_mm`), each as a captured CUDA graph; onnxruntime the float model by its CUDA provider.
"""
import argparse
import ctypes
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from onnx import helper
from rich.console import Console
from rich.progress import track
from rich.table import Table

import nibble

sys.path.insert(0, str(Path(__file__).resolve().parent))
import cuda  # noqa: E402
from contender import shortest  # noqa: E402
from verify_targets import quantize  # noqa: E402

NIBBLE = Path(nibble.__file__).parent / "bin" / "nibble"
ZOO = Path(__file__).resolve().parents[2] / "shared" / "models"


class Case(NamedTuple):
    name: str
    path: Path
    options: list       # of nibble compile
    feed: dict          # one run's inputs of the float model
    macs: int           # 0 where nobody counts them
    torch_int8: tuple = ()  # M, K, N
    torch_half: tuple = ()  # batch, channels in, channels out, extent, kernel


class Context(ctypes.Structure):
    """nibble_context."""
    _fields_ = [("abi_version", ctypes.c_uint32), ("arena", ctypes.c_void_p), ("arena_bytes", ctypes.c_uint64),
                ("inputs", ctypes.c_void_p), ("outputs", ctypes.c_void_p), ("dims", ctypes.c_void_p),
                ("parallel_for", ctypes.c_void_p), ("parallel_for_data", ctypes.c_void_p)]


class Driver:
    """What is needed of NVIDIA's driver: memory of the device, in its primary context."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL("libcuda.so.1")
        context = ctypes.c_void_p()
        self.call("cuInit", 0)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
        self.call("cuCtxPushCurrent_v2", context)

    def call(self, name: str, *arguments) -> None:
        if error := getattr(self.library, name)(*arguments):
            sys.exit(f"error: {name} failed with {error}")

    def upload(self, array: np.ndarray) -> int:
        address = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(max(array.nbytes, 1)))
        array = np.ascontiguousarray(array)
        self.call("cuMemcpyHtoD_v2", address, array.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(array.nbytes))
        return address.value

    def download(self, address: int, shape: list, dtype) -> np.ndarray:
        array = np.empty(shape, dtype)
        self.call("cuMemcpyDtoH_v2", array.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(address),
                  ctypes.c_size_t(array.nbytes))
        return array

    def free(self, addresses: list) -> None:
        for address in addresses:
            self.call("cuMemFree_v2", ctypes.c_uint64(address))


class DeviceModel:
    """A compiled model between buffers of the device."""

    def __init__(self, driver: Driver, path: Path, feed: dict) -> None:
        self.driver = driver
        described = nibble.load(path)
        library = ctypes.CDLL(str(path))
        self.run_function, self.release = library.m_run, library.m_release
        self.outputs = described.outputs
        self.buffers = [driver.upload(feed[value.name]) for value in described.inputs]
        results = [driver.upload(np.zeros(value.shape, value.dtype)) for value in self.outputs]
        # The arena's address is a name; the arrays must live as long as the context.
        self.arena = ctypes.create_string_buffer(128)
        arena = (ctypes.addressof(self.arena) + 63) // 64 * 64
        self.pointers = [(ctypes.c_void_p * len(part))(*part) for part in (self.buffers, results)]
        self.results = results
        self.context = Context(1, arena, 64, *(ctypes.addressof(part) for part in self.pointers), None, None, None)

    def run(self) -> None:
        if status := self.run_function(ctypes.byref(self.context)):
            sys.exit(f"error: a run failed with status {status} (nibble_abi.h tells them)")

    def results_on_host(self) -> list:
        return [self.driver.download(address, value.shape, value.dtype) for address, value in zip(self.results, self.outputs)]

    def close(self) -> None:
        self.release(ctypes.c_void_p(self.context.arena))
        self.driver.free([*self.buffers, *self.results])


def save(path: Path, nodes: list, inputs: dict, outputs: dict, weights: dict) -> Path:
    def ports(shapes: dict) -> list:
        return [helper.make_tensor_value_info(name, 1, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(nodes, "g", ports(inputs), ports(outputs),
                              [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def product(folder: Path, m: int, k: int, n: int) -> Case:
    random = np.random.default_rng(0)
    name = f"s8 product {m} x {k} x {n}"
    path = save(folder / f"product_{m}_{k}_{n}.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": [m, k]},
                {"y": [m, n]}, {"w": random.normal(0, 1, (k, n)).astype(np.float32)})
    feed = {"x": random.normal(0, 1, (m, k)).astype(np.float32)}
    return Case(name, path, ["--activations", "int8"], feed, m * k * n, torch_int8=(m, k, n))


def convolution(folder: Path, batch: int, c: int, extent: int, kernel: int) -> Case:
    random = np.random.default_rng(0)
    shape = [batch, c, extent, extent]
    path = save(folder / f"conv_{c}_{extent}_{kernel}.onnx",
                [helper.make_node("Conv", ["x", "w"], ["y"], pads=[kernel // 2] * 4)], {"x": shape}, {"y": shape},
                {"w": random.normal(0, 1, (c, c, kernel, kernel)).astype(np.float32)})
    feed = {"x": random.normal(0, 1, shape).astype(np.float32)}
    return Case(f"conv {kernel}x{kernel}, {c} channels, {extent}x{extent}, batch {batch}", path, [], feed,
                batch * extent ** 2 * c * c * kernel ** 2, torch_half=(batch, c, c, extent, kernel))


def zoo_model(name: str, feed: dict, options: list, label: str) -> Case:
    return Case(label, ZOO / name / "model.onnx", options, feed, 0)


def make_cases(folder: Path, small: bool) -> list[Case]:
    if small:
        return [product(folder, 64, 64, 48), convolution(folder, 2, 16, 8, 3), convolution(folder, 2, 32, 5, 1)]
    cases = [product(folder, size, size, size) for size in (1024, 4096)]
    for c, extent in ((64, 56), (128, 28), (256, 14), (512, 7)):  # ResNet-50's
        cases += [convolution(folder, 64, c, extent, kernel) for kernel in (3, 1)]
    random = np.random.default_rng(0)
    if (ZOO / "mobilenetv2").exists():
        for batch in (1, 64):
            feed = {"input": random.normal(0, 1, (batch, 3, 224, 224)).astype(np.float32)}
            cases.append(zoo_model("mobilenetv2", feed, ["--dim", f"N={batch}"], f"mobilenetv2, batch {batch}"))
    if (ZOO / "minilm").exists():
        feed = {name: np.ones((1, 128), np.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
        feed["input_ids"] = random.integers(1000, 20000, (1, 128))
        cases.append(zoo_model("minilm", feed, ["--mode", "dynamic", "--dim", "batch=1", "--dim", "sequence=128"],
                               "minilm, 128 tokens"))
    return cases


def best_milliseconds(run: Callable[[], None], seconds: float) -> float:
    run()
    return shortest(run, sys.maxsize, seconds)


def compile_case(case: Case, target: str, folder: Path) -> Path:
    library, calibration = folder / f"{target}.so", []
    if "dynamic" not in case.options:
        np.savez(folder / "calib.npz", **{name: array[:1] for name, array in case.feed.items()}
                 if case.path.is_relative_to(ZOO) else case.feed)
        calibration = ["--calib", folder / "calib.npz", "--calib-method", "minmax", "--io", "quantized"]
    done = subprocess.run([NIBBLE, "compile", case.path, *case.options, *calibration, "--target", target, "--name", "m", "-o",
                           library], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"error: {case.name}: {done.stderr}")
    return library


def measure(case: Case, driver: Driver, target: str, seconds: float) -> tuple[float, bool]:
    """The shortest run in ms, and whether the results have the bits of the host's."""
    with tempfile.TemporaryDirectory() as folder:
        library = compile_case(case, target, Path(folder))
        host = nibble.load(compile_case(case, "host", Path(folder)))
        inputs = {value.name: quantize(value, case.feed[value.name]) for value in host.inputs}
        model = DeviceModel(driver, library, inputs)
        best = best_milliseconds(model.run, seconds)
        pairs = list(zip(model.results_on_host(), host.run(inputs)))
        model.close()
    return best, all(a.tobytes() == b.tobytes() for a, b in pairs)


def torch_graph(function: Callable) -> Callable[[], None]:
    """Replays a captured CUDA graph of the function and waits for it."""
    import torch
    for _ in range(3):
        function()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        function()
    return lambda: (graph.replay(), torch.cuda.synchronize())


def measure_torch(case: Case, seconds: float) -> dict:
    try:
        import torch
    except ImportError:
        return {}
    if not torch.cuda.is_available():
        return {}
    times = {}
    if case.torch_int8:
        m, k, n = case.torch_int8
        x = torch.randint(-128, 128, (m, k), dtype=torch.int8, device="cuda")
        w = torch.randint(-128, 128, (n, k), dtype=torch.int8, device="cuda").t()
        times["torch int8"] = best_milliseconds(torch_graph(lambda: torch._int_mm(x, w)), seconds)
        a, b = torch.randn(m, k, dtype=torch.half, device="cuda"), torch.randn(k, n, dtype=torch.half, device="cuda")
        times["torch float16"] = best_milliseconds(torch_graph(lambda: a @ b), seconds)
    if case.torch_half:
        batch, c, o, extent, kernel = case.torch_half
        layer = torch.nn.Conv2d(c, o, kernel, padding=kernel // 2).half().cuda().to(memory_format=torch.channels_last)
        x = torch.randn(batch, c, extent, extent, dtype=torch.half, device="cuda").to(memory_format=torch.channels_last)
        with torch.no_grad():
            times["torch float16"] = best_milliseconds(torch_graph(lambda: layer(x)), seconds)
    return times


def measure_onnxruntime(case: Case, seconds: float) -> dict:
    try:
        import onnxruntime
    except ImportError:
        return {}
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return {}
    session = onnxruntime.InferenceSession(str(case.path), providers=["CUDAExecutionProvider"])
    binding = session.io_binding()
    for name, array in case.feed.items():
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array, "cuda", 0))
    for output in session.get_outputs():
        binding.bind_output(output.name, "cuda")
    return {"onnxruntime float": best_milliseconds(lambda: session.run_with_iobinding(binding), seconds)}


def make_table(device: cuda.Device, rows: list[dict]) -> Table:
    peers = list(dict.fromkeys(name for row in rows for name in row["peers_ms"]))
    table = Table(title=f"{device.name}: shortest run in ms, and how many times as long others take")
    table.add_column("case")
    for name in ("Nibble int8", "TMAC/s", "host's bits", *peers):
        table.add_column(name, justify="right")
    for row in rows:
        own = row["nibble_ms"]
        others = [row["peers_ms"].get(name) for name in peers]
        table.add_row(row["case"], f"{own:.4f}", f"{row['macs'] / own / 1e9:.1f}" if row["macs"] else "",
                      "yes" if row["equal"] else "[red]NO",
                      *(f"{time:.4f} ({time / own:.2f}x)" if time else "" for time in others))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="only those whose name has one of these words")
    parser.add_argument("--small", action="store_true", help="small cases, to try the command")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows, and the device")
    options = parser.parse_args()
    device = cuda.need_device()
    targets = [entry["name"] for entry in json.loads(subprocess.run([NIBBLE, "targets", "--json"], check=True,
                                                                    capture_output=True, text=True).stdout)]
    runnable = [name for name in targets if name.startswith("sm_") and device.runs(name)]
    if not runnable:
        sys.exit(f"error: {device.name} has compute capability {device.capability / 10}, which models are not compiled for")
    driver, rows = Driver(), []
    with tempfile.TemporaryDirectory() as folder:
        cases = [case for case in make_cases(Path(folder), options.small)
                 if not options.cases or any(word in case.name for word in options.cases)]
        if not cases:
            sys.exit(f"error: no case has one of the words {options.cases} in its name")
        for case in track(cases, "measuring", console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True):
            own, equal = measure(case, driver, runnable[-1], options.seconds)
            peers = measure_torch(case, options.seconds) | measure_onnxruntime(case, options.seconds)
            rows.append({"case": case.name, "target": runnable[-1], "macs": case.macs, "nibble_ms": own, "equal": equal,
                         "peers_ms": peers})
    if options.json:
        options.json.write_text(json.dumps({"device": device._asdict(), "rows": rows}, indent=2) + "\n")
    Console(width=None if sys.stdout.isatty() else 160).print(make_table(device, rows))
    sys.exit(not all(row["equal"] for row in rows))


if __name__ == "__main__":
    main()
