// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Program.h"
#include "Arrays.h"

#include "nibble/Driver/Library.h"
#include "nibble/Driver/Open.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/OutputFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"

#include <exception>

namespace nb = nanobind;

namespace nibble::driver::python {

void check(llvm::Error error) {
  if (error)
    throw Failure(llvm::toString(std::move(error)));
}

namespace {
/// The feeds of a Python iterator. What it raises is kept and raised again behind the compiler, which knows no
/// exceptions.
class IteratorSamples : public Samples {
public:
  IteratorSamples(nb::object iterator, llvm::ArrayRef<Port> inputs, std::exception_ptr &raised)
      : iterator(std::move(iterator)), inputs(inputs), raised(raised) {}

  llvm::Expected<std::optional<NamedArrays>> next() override {
    nb::gil_scoped_acquire lock;
    try {
      nb::object feed = nb::steal(PyIter_Next(iterator.ptr()));
      if (!feed.is_valid() && PyErr_Occurred())
        throw nb::python_error();
      if (!feed.is_valid())
        return std::nullopt;
      return checkFeed(toFeed(nb::cast<nb::dict>(feed)));
    } catch (...) {
      raised = std::current_exception();
      return makeError("the calibration data raised an exception");
    }
  }

private:
  llvm::Expected<std::optional<NamedArrays>> checkFeed(NamedArrays feed) {
    std::string where = "calibration sample " + std::to_string(position++);
    if (llvm::Expected<std::vector<Array>> arranged = arrangeFeed(inputs, feed); !arranged)
      return addContext(where, arranged.takeError());
    if (llvm::Error error = checkFinite(feed))
      return addContext(where, std::move(error));
    return feed;
  }

  nb::object iterator;
  std::vector<Port> inputs;
  std::exception_ptr &raised;
  int64_t position = 0;
};
} // namespace

/// Calls `action(open)` without Python's lock, where `open` opens `source`: None, a path or an iterator.
template <typename Action>
static auto withSamples(nb::object source, Messages &messages, Action action) {
  std::exception_ptr raised;
  bool isPath = nb::isinstance<nb::str>(source);
  std::string path = isPath ? nb::cast<std::string>(source) : "";
  auto open = [&](llvm::ArrayRef<Port> inputs) -> llvm::Expected<std::unique_ptr<Samples>> {
    if (isPath)
      return openSamples(path, inputs, [&](const llvm::Twine &note) { messages.note(note.str()); });
    nb::gil_scoped_acquire lock;
    return std::make_unique<IteratorSamples>(source, inputs, raised);
  };
  OpenSamples opener = open;
  if (source.is_none())
    opener = nullptr;
  auto result = [&] {
    nb::gil_scoped_release unlock;
    return action(opener);
  }();
  if (raised) {
    llvm::consumeError(result.takeError());
    std::rethrow_exception(raised);
  }
  return check(std::move(result));
}

std::unique_ptr<Program> Program::compile(const std::string &path, nb::object samples, const CompileOptions &options,
                                          Dims dims) {
  auto program = std::make_unique<Program>();
  program->session = std::make_unique<Session>(program->messages, options.quantization.strict);
  program->session->fixDims(std::move(dims));
  program->compiled = withSamples(samples, program->messages, [&](OpenSamples open) {
    return driver::compile(*program->session, path, open, options);
  });
  program->threads = options.threads;
  check(readPorts(*program->compiled.graph, program->inputs, program->outputs));
  return program;
}

std::unique_ptr<Program> Program::load(const std::string &path, int threads) {
  auto program = std::make_unique<Program>();
  program->path = path;
  program->threads = threads;
  program->inputs = program->getLibrary().inputs();
  program->outputs = program->getLibrary().outputs();
  return program;
}

Executable &Program::getLibrary() {
  if (!library)
    library = check(path.empty() ? loadLibraryBytes(compiled.bytes.data, threads) : loadLibrary(path, threads));
  return *library;
}

static nb::list runOn(Executable &executable, nb::dict feed) {
  NamedArrays arrays = toFeed(feed);
  llvm::Expected<std::vector<Array>> results = [&] {
    nb::gil_scoped_release unlock;
    return executable.run(arrays);
  }();
  return fromArrays(check(std::move(results)));
}

nb::list Program::run(nb::dict feed) { return runOn(getLibrary(), feed); }

std::pair<nb::list, std::vector<int64_t>> Program::runKept(nb::dict feed, nb::dict buffers,
                                                           std::vector<int64_t> lengths) {
  Executable &executable = getLibrary();
  NamedArrays arrays = toFeed(feed), own = toFeed(buffers);
  Kept kept{{}, std::move(lengths)};
  for (const NamedArray &buffer : own)
    if (llvm::none_of(executable.states(),
                      [&](const StatePort &state) { return executable.inputs()[state.input].name == buffer.name; }))
      throw Failure("the state is another model's: this one keeps no '" + buffer.name + "'");
  for (const StatePort &state : executable.states())
    if (const Array *buffer = find(own, executable.inputs()[state.input].name))
      kept.buffers.push_back(*buffer);
  llvm::Expected<std::vector<Array>> results = [&] {
    nb::gil_scoped_release unlock;
    return executable.run(arrays, kept);
  }();
  nb::list outputs = fromArrays(check(std::move(results)));
  return {outputs, kept.lengths};
}

nb::list Program::reference(nb::dict feed) {
  if (!interpreter) {
    if (!compiled.graph)
      throw Failure("'" + path + "' holds machine code alone: only a model that nibble.compile returned has its graph");
    interpreter = check(makeReference(*session, mlir::OwningOpRef<mlir::ModuleOp>(compiled.graph->clone())));
  }
  return runOn(*interpreter, feed);
}

void Program::save(const std::string &output) {
  if (path.empty())
    return check(writeFile(output, compiled.bytes.text(), true));
  if (std::error_code code = llvm::sys::fs::copy_file(path, output))
    throw Failure("cannot write '" + output + "': " + code.message());
}

static std::string toText(llvm::json::Value value) { return llvm::formatv("{0}", value).str(); }

std::string Program::describePorts(llvm::ArrayRef<Port> ports) { return toText(toJson(ports)); }

std::string Program::describeStates() {
  Executable &executable = getLibrary();
  return toText(toJson(executable.states(), executable.inputs(), executable.outputs()));
}

std::string Program::summary() const {
  return compiled.graph ? toText(toJson(compiled.summary)) : toText(toJson(check(inspectLibrary(path))));
}

std::string quantizeModel(const std::string &path, nb::object samples, const std::string &output,
                          const QuantizationOptions &options, Dims dims, Messages &messages) {
  Session session(messages, options.strict);
  session.fixDims(std::move(dims));
  check(checkWritable(output));
  Compiled result =
      withSamples(samples, messages, [&](OpenSamples open) { return driver::quantize(session, path, open, options); });
  check(writeFile(output, result.bytes.text()));
  return toText(toJson(result.summary));
}

} // namespace nibble::driver::python
