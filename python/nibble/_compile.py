# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From ONNX to a compiled or a quantized model."""

import json
import os
import warnings as python_warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from nibble import _nibble
from nibble._model import Model, _feed

Feed: TypeAlias = Mapping[str, Any]
"""An array for each input of a model, under its name."""

Weights: TypeAlias = Literal["auto", "int8", "int4", "int2", "float"]
Activations: TypeAlias = Literal["auto", "uint8", "int8", "int8-symmetric", "int16", "float"]
Mode: TypeAlias = Literal["auto", "static", "dynamic", "weight-only"]
Rounding: TypeAlias = Literal["auto", "nearest", "gptq", "adaround"]
Switch: TypeAlias = Literal["auto", "on", "off"]
Path: TypeAlias = str | os.PathLike[str]


def _samples(calibration: Iterable[Feed] | Path | None) -> Iterator[Feed] | str | None:
    if calibration is None or isinstance(calibration, (str, os.PathLike)):
        return calibration and os.fspath(calibration)
    return map(_feed, calibration)


def _warn(messages: list[str]) -> None:
    for message in messages:
        python_warnings.warn(message, stacklevel=3)


def _options(weights: str, activations: str, mode: str, group: int | None, plan: Path | None,
             min_sqnr: float | None, strict: bool, calib_method: str,
             calib_file: Path | None, bias_correction: str, per_tensor: bool, rounding: str,
             max_bytes: int | None = None, avg_bits: float | None = None, output_sqnr: float | None = None,
             plan_out: Path | None = None) -> _nibble.QuantizationOptions:
    options = _nibble.QuantizationOptions()
    options.weights, options.activations, options.mode = weights, activations, mode
    options.group, options.min_sqnr, options.strict = group, min_sqnr, strict
    options.plan = os.fspath(plan or "")
    options.calib_method, options.calib_file = calib_method, os.fspath(calib_file or "")
    options.bias_correction, options.per_tensor = bias_correction, per_tensor
    options.rounding, options.plan_out = rounding, os.fspath(plan_out or "")
    options.max_bytes, options.avg_bits, options.output_sqnr = max_bytes, avg_bits, output_sqnr
    return options


def compile(path: Path, calibration: Iterable[Feed] | Path | None = None, *,  # noqa: A001
            weights: Weights = "auto", activations: Activations = "auto", mode: Mode = "auto",
            group: int | None = None, target: str = "host", plan: Path | None = None,
            min_sqnr: float | None = None, threads: int = 1, strict: bool = False,
            calib_method: str = "auto", bias_correction: Switch = "auto", calib_file: Path | None = None,
            per_tensor: bool = False, rounding: Rounding = "auto", max_bytes: int | None = None,
            avg_bits: float | None = None, output_sqnr: float | None = None, plan_out: Path | None = None,
            name: str = "", io: Literal["auto", "model", "quantized"] = "auto",
            requant: Literal["auto", "float", "fixed"] = "auto",
            io_layout: Literal["model", "nchw", "nhwc"] = "model", strip: bool = False,
            ptxas: Path | str | None = None, dims: Mapping[str, int] | None = None, bounds: Mapping[str, int] | None = None,
            state: Mapping[str, str] | None = None,
            specialize: Mapping[str, int] | Iterable[Mapping[str, int]] | None = None) -> Model:
    """Quantize and compile the ONNX model at `path`.

    Args:
        path: the model, a .onnx file.
        calibration: what the ranges of activations are measured on: an iterable of dictionaries {input name: array},
            each one run of the model, taken once and one at a time; or the path of a .npz file, of a .npy file for a
            model of one input, or of a folder of .npz files, whose arrays' leading dimension counts the samples.
            64 to 500 typical inputs are enough. Needed for mode "static", unless `calib_file` has the ranges or the model
            comes quantized.
        weights: precision of the weights, "int8", "int4" or "int2"; "float" quantizes nothing. A `plan` may choose for
            each node.
        activations: type of the activations; "auto" is asymmetric uint8, and "int16" for nodes that need it.
        mode: "static" quantizes weights and activations by the calibration's ranges ("auto" does too); "dynamic" both,
            by ranges found at run time, one a row (token, sample); "weight-only" weights alone. A `plan` may choose for
            each node.
        group: consecutive weights of an output channel that share a factor of its scale, a multiple of 16; for
            weights of 4 and 2 bits that are rounded by "gptq" or "adaround".
        target: instruction set: "host", or the name of one ("generic", "avx2", "avxvnni", "avx512vnni"); or one of NVIDIA's
            GPUs ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90").
        plan: a plan file (JSON) with choices for nodes.
        min_sqnr: signal-to-noise ratio in dB, against float on the calibration inputs, that a node must have. Below it
            int16 (if `activations` is "auto"), a dynamic range and float are tried, in this order.
        threads: how many `Model.run` uses; the results do not depend on it.
        strict: every warning is an error.
        calib_method: how a range is chosen: "minmax", "percentile" (99.99 %, or "percentile:99.9"), "mse" or "entropy";
            "auto" compiles the model with the ranges of all values, of 99.99 % of them and of the least squared error,
            and takes what is nearest to float on the calibration inputs.
        bias_correction: give biases what rounding the weights takes from the mean: "on", "off", or "auto", where that
            is nearer to float on the calibration inputs.
        calib_file: where the measured ranges are kept (.calib.json); read if there is no `calibration`.
        per_tensor: one scale for all weights of a node, instead of one for each output channel.
        rounding: how weights of fewer than 8 bits are rounded: "nearest", "gptq" or "adaround"; "auto" is "gptq" with
            calibration data, else "nearest".
        max_bytes: search for widths of weights, 8, 4 or 2 bits, that take no more bytes in all.
        avg_bits: search for widths of no more bits on average.
        output_sqnr: search for the narrowest weights that give the model's outputs this signal-to-noise ratio in dB on
            the calibration inputs. `search` takes a score of your own.
        plan_out: where the plan is written that a search found, for `plan`.
        name: prefix of the library's symbols; the file's stem if empty.
        io: "quantized": inputs and outputs are the integers of the plan, whose scale and zero point `Model.inputs`
            and `Model.outputs` tell. `Model.run` then takes floats too, and quantizes them. "auto" is "model".
        requant: arithmetic of requantization: "float" ("auto" is that), or "fixed": integers alone, as microcontrollers
            need them; nothing falls back to float then.
        io_layout: order of the dimensions of images among inputs and outputs. Calibration data keeps the model's.
        strip: leave out of the library what `nibble explain` reads: names of nodes, kernels, errors.
        ptxas: of a GPU: NVIDIA's assembler, a program's name or path, which makes machine code of the kernels; else the
            driver does when they run first.
        dims: extents that the model leaves open, by their names there, as {"batch": 1}; one without a name is
            "INPUT.AXIS", as "image.2".
        bounds: the largest values of dynamic dimensions that a run takes, by name, as {"batch": 8, "sequence": 512}.
            Where all have one, the size of the arena is known when the model is compiled.
        state: outputs that are the next value of an input, by the input's name, as {"past": "present"}: both are one
            buffer, which `Model.run` updates in place (`Model.state`). Where the output is the input with rows behind it,
            `bounds` tell how many it can have.
        specialize: values of dynamic dimensions that get code of their own, near to as fast as `dims` makes it, beside that
            for all others: {"batch": 1, "sequence": 128}, or several such. Dimensions that are not named stay dynamic.

    Raises:
        Error: the model cannot be read or has an unsupported operation, an input is missing in the calibration data or
            of another dtype or shape or not finite, or an option is not supported; the text names which.
    """
    options = _nibble.CompileOptions()
    options.quantization = _options(weights, activations, mode, group, plan, min_sqnr, strict, calib_method, calib_file,
                                    bias_correction, per_tensor, rounding, max_bytes, avg_bits, output_sqnr, plan_out)
    options.target, options.threads, options.name = target, threads, name
    options.io, options.io_layout, options.strip, options.requant = io, io_layout, strip, requant
    options.ptxas = os.fspath(ptxas or "")
    options.bounds, options.states = dict(bounds or {}), dict(state or {})
    several = [specialize] if isinstance(specialize, Mapping) else specialize or []
    options.specializations = [dict(values) for values in several]
    program = _nibble.compile(os.fspath(path), _samples(calibration), options, dict(dims or {}))
    _warn(program.warnings)
    return Model(program)


def quantize(path: Path, calibration: Iterable[Feed] | Path | None, output: Path, *,
             weights: Weights = "auto", activations: Activations = "auto", mode: Mode = "auto",
             group: int | None = None, plan: Path | None = None, min_sqnr: float | None = None, strict: bool = False,
             calib_method: str = "auto", bias_correction: Switch = "auto",
             calib_file: Path | None = None, per_tensor: bool = False, rounding: Rounding = "auto",
             dims: Mapping[str, int] | None = None) -> dict[str, Any]:
    """Quantize the ONNX model at `path` and write it to `output` as ONNX with QuantizeLinear and DequantizeLinear.

    The arguments are those of `compile`. Returns the summary: sizes in bytes and each node's precision with the reason
    where it is not int8. Raises `nibble.Error` as `compile` does, or if `output` cannot be written.
    """
    options = _options(weights, activations, mode, group, plan, min_sqnr, strict, calib_method, calib_file,
                       bias_correction, per_tensor, rounding)
    summary, messages = _nibble.quantize(os.fspath(path), _samples(calibration), os.fspath(output), options,
                                         dict(dims or {}))
    _warn(messages)
    return json.loads(summary)
