// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Command.h"
#include "DimFlags.h"
#include "Output.h"
#include "QuantizationFlags.h"
#include "SummaryTable.h"

#include "nibble/Driver/Compile.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/OutputFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace nibble::driver {

namespace {
class CompileCommand : public Command {
public:
  CompileCommand()
      : Command(
            "compile",
            "quantizes a model to int8 and compiles it\n\n"
            "  nibble compile model.onnx --calib data.npz -o model.so\n"
            "  nibble compile model.onnx --mode dynamic -o model.so          ranges found at run time: no data\n"
            "  nibble compile model.onnx --mode weight-only -o model.so      int8 weights, float arithmetic\n"
            "  nibble compile model.onnx --float -o model.so                 without quantizing\n"
            "  nibble compile model.onnx --calib data.npz --emit a -o model.a --name digits   with model.h\n"
            "  nibble compile model.onnx --calib data.npz --emit exe -o model              ./model --help tells more\n"
            "  nibble compile model.onnx --calib data.npz --specialize batch=1,sequence=128 -o model.so\n"
            "  nibble compile model.onnx --calib data.npz --stop-after fold -o model.mlir\n\n"
            "  data.npz has an array for each input of the model, under its name; the leading dimension\n"
            "  counts the samples: numpy.savez('data.npz', image=images). 64 to 500 typical ones are enough.\n"),
        model(cl::Positional, cl::Required, cl::desc("MODEL.onnx"), cl::sub(subcommand)),
        output("o", cl::Required, cl::desc("file to write"), cl::value_desc("file"), cl::sub(subcommand)),
        target(
            "target", cl::init("host"),
            cl::desc("instruction set: host; x86-64: generic, avx2, avxvnni, avx512vnni; AArch64: neon, dotprod, i8mm; "
                     "several with commas; all of a system: x86_64-linux-gnu, aarch64-linux-gnu, or "
                     "aarch64-linux-gnu+dotprod, no further than that; one of cortex-m0, cortex-m3, cortex-m4, "
                     "cortex-m33, cortex-m55, rv32imc, and of NVIDIA's GPUs: sm_75, sm_80, sm_86, sm_89, sm_90"),
            cl::value_desc("name"), cl::sub(subcommand)),
        emit("emit", cl::init("so"),
             cl::desc("what to write: so, exe, a, o; onnx-mlir, mlir, ukernel-mlir, vector-mlir, ll, asm"),
             cl::value_desc("kind"), cl::sub(subcommand)),
        name("name", cl::desc("prefix of all symbols (the file's stem)"), cl::value_desc("name"), cl::sub(subcommand)),
        io("io", cl::init("auto"),
           cl::desc("types of inputs and outputs: auto (model, quantized for bare metal), model, quantized"),
           cl::value_desc("types"), cl::sub(subcommand)),
        requant(
            "requant", cl::init("auto"),
            cl::desc("arithmetic of requantization: auto (float, fixed for bare metal), float, fixed: integers alone, "
                     "in which nothing falls back to float"),
            cl::value_desc("kind"), cl::sub(subcommand)),
        ioLayout("io-layout", cl::init("model"), cl::desc("order of images among them: model, nchw, nhwc"),
                 cl::value_desc("order"), cl::sub(subcommand)),
        stopAfter("stop-after", cl::desc("write the IR behind this phase"), cl::value_desc("phase"),
                  cl::sub(subcommand)),
        dumpPhases("dump-phases", cl::desc("write the IR behind every phase into this folder"),
                   cl::value_desc("folder"), cl::sub(subcommand)),
        ptxas("ptxas",
              cl::desc("of a GPU: assemble the kernels with this program; else the driver does, when they run first"),
              cl::value_desc("program"), cl::sub(subcommand)),
        threads("threads", cl::init(1), cl::desc("threads to measure the latency with (1)"), cl::value_desc("count"),
                cl::sub(subcommand)),
        maxRam("max-ram", cl::init(0), cl::desc("fail if the arena and the stack need more"), cl::value_desc("bytes"),
               cl::sub(subcommand)),
        maxFlash("max-flash", cl::init(0), cl::desc("fail if the code and the weights need more"),
                 cl::value_desc("bytes"), cl::sub(subcommand)),
        strip("strip", cl::desc("leave out what nibble explain reads: names of nodes, kernels, errors"),
              cl::sub(subcommand)),
        json("json", cl::desc("print the summary as JSON"), cl::sub(subcommand)), quantization(subcommand),
        dims(subcommand), openDims(subcommand) {}

  Error run(Reporter &reporter) override;

private:
  CompileOptions options() const;

  cl::opt<std::string> model, output, target, emit, name, io, requant, ioLayout, stopAfter, dumpPhases, ptxas;
  cl::opt<int> threads;
  cl::opt<int64_t> maxRam, maxFlash;
  cl::opt<bool> strip, json;
  QuantizationFlags quantization;
  DimFlags dims;
  OpenDimFlags openDims;
};
} // namespace

CompileOptions CompileCommand::options() const {
  CompileOptions options;
  options.quantization = quantization.options();
  options.target = target;
  options.emit = emit;
  options.name = name;
  options.io = io;
  options.requant = requant;
  options.ioLayout = ioLayout;
  options.ptxas = ptxas;
  options.strip = strip;
  options.bytecode = StringRef(output).ends_with(".mlirbc");
  options.compareFloat = true;
  options.stopAfter = stopAfter;
  options.dumpPhases = dumpPhases;
  options.threads = threads;
  if (maxRam.getNumOccurrences())
    options.maxRam = maxRam;
  if (maxFlash.getNumOccurrences())
    options.maxFlash = maxFlash;
  return options;
}

/// Writes the file, and the C header beside an object or static library.
static Error writeOutputs(const Compiled &compiled, StringRef path, bool executable) {
  if (Error error = writeFile(path, compiled.bytes.text(), executable))
    return error;
  SmallString<128> header(path);
  sys::path::replace_extension(header, "h");
  return compiled.header.empty() ? Error::success() : writeFile(header, compiled.header);
}

Error CompileCommand::run(Reporter &reporter) {
  CompileOptions chosen = options();
  // The linker resets all command-line options.
  std::string path = output;
  bool printsJson = json;
  if (Error error = quantization.check())
    return error;
  if (Error error = openDims.apply(chosen))
    return error;
  if (Error error = check(chosen))
    return error;
  if (Error error = checkWritable(path))
    return error;
  Session session(reporter, chosen.quantization.strict);
  if (Error error = dims.apply(session))
    return error;
  auto open = [&](ArrayRef<Port> inputs) { return quantization.open(inputs, reporter); };
  Expected<Compiled> compiled =
      compile(session, std::string(model), quantization.hasData() ? OpenSamples(open) : OpenSamples(nullptr), chosen);
  if (!compiled)
    return compiled.takeError();
  if (Error error = writeOutputs(*compiled, path, chosen.emit == "so" || chosen.emit == "exe"))
    return error;
  if (path == "-")
    return Error::success();
  if (printsJson)
    printJson(toJson(compiled->summary));
  else
    printSummary(compiled->summary, path);
  return Error::success();
}

std::unique_ptr<Command> makeCompileCommand() { return std::make_unique<CompileCommand>(); }

} // namespace nibble::driver
