// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "QuantizationFlags.h"

#include "nibble/Support/Errors.h"

using namespace llvm;

namespace nibble::driver {

QuantizationFlags::QuantizationFlags(cl::SubCommand &sub)
    : data("calib", cl::desc("inputs to calibrate on: .npz, .npy or a folder of .npz"), cl::value_desc("data"),
           cl::sub(sub)),
      weights("weights", cl::init("auto"), cl::desc("precision of weights: auto (int8), int8, int4, int2, float"),
              cl::value_desc("type"), cl::sub(sub)),
      activations("activations", cl::init("auto"),
                  cl::desc("type of activations: auto (uint8, and int16 for nodes that need it), uint8, int8, "
                           "int8-symmetric, int16, float"),
                  cl::value_desc("type"), cl::sub(sub)),
      mode("mode", cl::init("auto"),
           cl::desc("what is quantized, and when: auto (static, or dynamic where that is much more exact); static: "
                    "weights and activations, by calibrated ranges; "
                    "dynamic: both, by ranges found at run time; weight-only: weights"),
           cl::value_desc("mode"), cl::sub(sub)),
      calibMethod("calib-method", cl::init("auto"),
                  cl::desc("how ranges are chosen: auto (the best on the data), minmax, percentile, "
                           "percentile:99.9, mse, entropy"),
                  cl::value_desc("method"), cl::sub(sub)),
      biasCorrection("bias-correction", cl::init("auto"),
                     cl::desc("correct biases for the rounding of weights: auto (if better on the data), on, off"),
                     cl::value_desc("switch"), cl::sub(sub)),
      calibFile("calib-file", cl::desc("file of the measured ranges (.calib.json): written with --calib, else read"),
                cl::value_desc("file"), cl::sub(sub)),
      plan("plan", cl::desc("file of choices for nodes (JSON)"), cl::value_desc("file"), cl::sub(sub)),
      rounding("rounding", cl::init("auto"),
               cl::desc("how weights of fewer than 8 bits are rounded: auto (gptq), nearest, gptq, adaround"),
               cl::value_desc("method"), cl::sub(sub)),
      planOut("plan-out", cl::desc("file to write the plan to that a search found"), cl::value_desc("file"),
              cl::sub(sub)),
      group("group", cl::desc("weights of 4 and 2 bits that share a factor of the scale"), cl::value_desc("count"),
            cl::sub(sub)),
      maxBytes("max-bytes", cl::desc("search for widths of weights, 8, 4 or 2 bits, that take no more in all"),
               cl::value_desc("count"), cl::sub(sub)),
      avgBits("avg-bits", cl::desc("search for widths of weights of no more bits on average"), cl::value_desc("bits"),
              cl::sub(sub)),
      outputSqnr("output-sqnr",
                 cl::desc("search for the narrowest weights that give the outputs this signal-to-noise ratio"),
                 cl::value_desc("dB"), cl::sub(sub)),
      minSqnr(
          "min-sqnr",
          cl::desc("least signal-to-noise ratio of a node (10): below it int16, a dynamic range and float are tried"),
          cl::value_desc("dB"), cl::sub(sub)),
      perTensor("per-tensor", cl::desc("one scale for all weights of a node, not one for each output channel"),
                cl::sub(sub)),
      useFloat("float", cl::desc("quantize nothing"), cl::sub(sub)),
      strict("strict", cl::desc("treat warnings as errors"), cl::sub(sub)) {}

QuantizationOptions QuantizationFlags::options() const {
  QuantizationOptions options;
  options.weights = useFloat ? std::string("float") : weights.getValue();
  options.activations = activations;
  options.mode = mode;
  options.calibMethod = calibMethod;
  options.biasCorrection = biasCorrection;
  options.calibFile = calibFile;
  options.plan = plan;
  options.rounding = rounding;
  options.planOut = planOut;
  if (maxBytes.getNumOccurrences())
    options.maxBytes = maxBytes;
  if (avgBits.getNumOccurrences())
    options.avgBits = avgBits;
  if (outputSqnr.getNumOccurrences())
    options.outputSqnr = outputSqnr;
  if (group.getNumOccurrences())
    options.group = group;
  if (minSqnr.getNumOccurrences())
    options.minSqnr = minSqnr;
  options.perTensor = perTensor;

  options.strict = strict;
  return options;
}

Error QuantizationFlags::check() const {
  if (!useFloat)
    return Error::success();
  if (weights != "auto" && weights != "float")
    return makeError("--float quantizes nothing, --weights " + weights + " does: leave one of them out");
  if (hasData())
    return makeError("--calib has no effect with --float, which quantizes nothing: leave one of them out");
  return Error::success();
}

Expected<std::unique_ptr<Samples>> QuantizationFlags::open(ArrayRef<Port> inputs, Reporter &reporter) const {
  return openSamples(data, inputs, [&](const Twine &text) { reporter.note(text.str()); });
}

} // namespace nibble::driver
