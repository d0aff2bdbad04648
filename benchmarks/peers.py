# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a person could run a model with: Nibble, onnxruntime and OpenVINO, in float and in int8, each as its own manual
says, calibrated on the same inputs. Each builder returns a function from a feed to the list of outputs.
"""
import contextlib
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import nibble

SAMPLES = 64
onnxruntime.set_default_logger_severity(4)
logging.disable(logging.WARNING)  # NNCF's, of the root logger
ATTENTION = {"MatMul", "Softmax"}  # NNCF wants to be told that a model is a transformer


class Reader(CalibrationDataReader):
    def __init__(self, feeds: list) -> None:
        self.feeds = iter(feeds)

    def get_next(self) -> dict | None:
        return next(self.feeds, None)


def session(path: Path | str, threads: int) -> Callable:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    loaded = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda feed: loaded.run(None, feed)


def onnxruntime_int8(model, threads: int, static: bool) -> Callable:
    """Static: uint8 activations, int8 weights per channel. Else ranges are found at run time."""
    with tempfile.TemporaryDirectory() as folder:
        prepared, quantized = f"{folder}/prepared.onnx", f"{folder}/int8.onnx"
        proto = onnx.load(str(model.path))
        if next(o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")) < 13:  # per channel needs 13
            proto = onnx.version_converter.convert_version(proto, 13)
        onnx.save(proto, f"{folder}/source.onnx")
        try:
            quant_pre_process(f"{folder}/source.onnx", prepared, skip_symbolic_shape=True)
        except Exception:  # noqa: BLE001: whatever it cannot do, the model can be quantized as it is
            prepared = f"{folder}/source.onnx"
        if static:
            quantize_static(prepared, quantized, Reader(model.calibration(SAMPLES)), activation_type=QuantType.QUInt8,
                            weight_type=QuantType.QInt8, per_channel=True)
        else:
            quantize_dynamic(prepared, quantized, weight_type=QuantType.QInt8, per_channel=True)
        return session(quantized, threads)


def openvino(model, threads: int, int8: bool) -> Callable:
    import openvino

    converted = openvino.convert_model(str(model.path))
    feeds = model.calibration(SAMPLES)
    if int8:
        import nncf

        operators = {node.op_type for node in onnx.load(str(model.path), load_external_data=False).graph.node}
        kind = nncf.ModelType.TRANSFORMER if ATTENTION <= operators else None
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            converted = nncf.quantize(converted, nncf.Dataset(feeds), subset_size=len(feeds), model_type=kind,
                                      preset=nncf.QuantizationPreset.MIXED)
    request = openvino.Core().compile_model(converted, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    return lambda feed: list(request.infer(feed, share_inputs=True).values())


def compiled(model, threads: int, target: str | None, **options) -> Callable:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nibble.compile(model.path, threads=threads, **({"target": target} if target else {}), **options).run


def contenders(model, threads: int = 1, target: str | None = None) -> Iterator[tuple[str, Callable]]:
    """Names and builders; all of them raise what they cannot do. With a target, which caps what OpenVINO uses too,
    onnxruntime is left out: nothing caps what it uses."""
    if target == "avx2":
        os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX2"  # read once, when OpenVINO is loaded
    has_data = bool(model.calibration(1))
    if not target:
        yield "onnxruntime float", lambda: session(model.path, threads)
        if has_data:
            yield "onnxruntime int8", lambda: onnxruntime_int8(model, threads, static=True)
        yield "onnxruntime int8 dynamic", lambda: onnxruntime_int8(model, threads, static=False)
    yield "OpenVINO float", lambda: openvino(model, threads, int8=False)
    if has_data:
        yield "OpenVINO int8", lambda: openvino(model, threads, int8=True)
    yield "Nibble float", lambda: compiled(model, threads, target, weights="float")
    if has_data:
        yield "Nibble int8", lambda: compiled(model, threads, target, calibration=model.calibration(SAMPLES))
    else:
        yield "Nibble int8", lambda: compiled(model, threads, target, mode="dynamic")
