# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scores and latencies on real models, beside onnxruntime's float and int8 and OpenVINO's float, in alternating rounds on
one thread.

    ./dev python benchmarks/zoo.py [MODEL...]

Needs the folder of models that lies beside the checkout (../shared/models) and what its zoo.py imports. OpenVINO is measured
where the package is installed.
"""
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import nibble

MODELS = Path(__file__).resolve().parents[2] / "shared" / "models"
CNNS = ["mobilenetv2", "ic_resnet8", "kws_dscnn", "ultraface"]
DYNAMIC_SHAPES = ["minilm", "silero_vad", "ppocr_rec", "stories260k"]


def best_milliseconds(functions: list, rounds: int = 6, runs: int = 30) -> list:
    """The shortest of all runs of each function; the functions take turns."""
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for i, function in enumerate(functions):
            for _ in range(runs):
                start = time.perf_counter()
                function()
                best[i] = min(best[i], (time.perf_counter() - start) * 1e3)
    return best


def peer(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Reader(CalibrationDataReader):
    def __init__(self, feeds: list) -> None:
        self.feeds = iter(feeds)

    def get_next(self) -> dict | None:
        return next(self.feeds, None)


def int8_peer(model) -> onnxruntime.InferenceSession:
    """onnxruntime's static int8 of the same calibration inputs: uint8 activations, int8 weights per channel."""
    with tempfile.TemporaryDirectory() as folder:
        source, prepared, quantized = (str(Path(folder) / f"{name}.onnx") for name in ("source", "prepared", "int8"))
        proto = onnx.load(str(model.path))
        if next(o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")) < 13:  # per channel needs 13
            proto = onnx.version_converter.convert_version(proto, 13)
        onnx.save(proto, source)
        try:
            quant_pre_process(source, prepared, skip_symbolic_shape=True)
        except Exception:  # noqa: BLE001: whatever it cannot do, the model can be quantized as it is
            prepared = source
        quantize_static(prepared, quantized, Reader(model.calibration(64)), activation_type=QuantType.QUInt8,
                        weight_type=QuantType.QInt8, per_channel=True)
        return peer(Path(quantized))


def dynamic_peer(model) -> onnxruntime.InferenceSession:
    """onnxruntime's int8 with ranges found at run time: its static int8 of these models is far from float."""
    with tempfile.TemporaryDirectory() as folder:
        quantize_dynamic(str(model.path), f"{folder}/int8.onnx", weight_type=QuantType.QInt8)
        return peer(Path(folder) / "int8.onnx")


def openvino_peer(model, feed: dict) -> Callable | None:
    """OpenVINO's float; None where it is not installed or cannot run the model, which is said."""
    try:
        import openvino

        compiled = openvino.Core().compile_model(str(model.path), "CPU", {
            "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"})
        request = compiled.create_infer_request()
        request.infer(feed, share_inputs=True)
    except ImportError:
        return None
    except Exception as error:  # noqa: BLE001: whatever it cannot do
        print(f"OpenVINO, {model.name}: {str(error).strip().splitlines()[0]}", file=sys.stderr)
        return None
    return lambda: request.infer(feed, share_inputs=True)


def measure(model) -> dict:
    start = time.perf_counter()
    int8 = nibble.compile(model.path, calibration=model.calibration(64))
    seconds = time.perf_counter() - start
    float32 = nibble.compile(model.path, weights="float")
    session, feed = peer(model.path), model.bench_feed()
    expected = session.run(None, feed)
    error = max(float(np.max(np.abs(a - b)) / np.max(np.abs(b))) for a, b in zip(float32.run(feed), expected))
    quantized = dynamic_peer(model) if model.name in DYNAMIC_SHAPES else int8_peer(model)
    functions = [lambda: session.run(None, feed), lambda: quantized.run(None, feed), lambda: float32.run(feed),
                 lambda: int8.run(feed)]
    openvino = openvino_peer(model, feed)
    times = best_milliseconds(functions + [openvino] * (openvino is not None))
    same = all(a.tobytes() == b.tobytes() for a, b in zip(int8.run(feed), int8.reference(feed)))
    return {"score": model.evaluate(int8.run)["score"], "peer": times[0], "peer8": times[1], "float": times[2],
            "openvino": times[4] if openvino else float("nan"), "int8": times[3], "sqnr": int8.summary["sqnr_db"], "error": error, "compile": seconds, "same": same}


def main() -> None:
    if not MODELS.exists():
        sys.exit(f"no models at {MODELS}")
    sys.path.insert(0, str(MODELS))
    import zoo

    print(f"{'model':14}{'int8 score':>11}{'SQNR':>7}{'ORT float':>11}{'ORT int8':>10}{'OV float':>10}{'float':>9}{'int8':>9}"
          "  ms; float error, compile, same bits")
    for name in sys.argv[1:] or CNNS + DYNAMIC_SHAPES:
        r = measure(zoo.get(name))
        print(f"{name:14}{r['score']:11.4f}{r['sqnr']:7.1f}{r['peer']:11.3f}{r['peer8']:10.3f}"
              f"{r['openvino']:10.3f}{r['float']:9.3f}{r['int8']:9.3f}"
              f"  {r['error']:.1e} {r['compile']:.1f} s {r['same']}", flush=True)


if __name__ == "__main__":
    main()
