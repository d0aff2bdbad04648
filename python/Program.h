// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A compiled model as Python holds it.

#ifndef NIBBLE_PYTHON_PROGRAM_H
#define NIBBLE_PYTHON_PROGRAM_H

#include "nibble/Driver/Compile.h"

#include <nanobind/nanobind.h>

namespace nibble::driver::python {

/// Becomes nibble.Error.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Raises what the error says.
void check(llvm::Error error);
template <typename T>
T check(llvm::Expected<T> value) {
  check(value.takeError());
  return std::move(*value);
}

/// Extents that the model leaves open, by name.
using Dims = std::map<std::string, int64_t>;

/// Keeps what is reported, for Python to raise as warnings.
struct Messages : Reporter {
  std::vector<std::string> warnings;
  void warn(llvm::StringRef message) override { warnings.push_back(message.str()); }
};

class Program {
public:
  static std::unique_ptr<Program> compile(const std::string &path, nanobind::object samples,
                                          const CompileOptions &options, Dims dims);
  static std::unique_ptr<Program> load(const std::string &path, int threads);

  nanobind::list run(nanobind::dict feed);
  /// Runs in place on a state's buffers, in the order of the states; the other outputs, and how long each is then.
  std::pair<nanobind::list, std::vector<int64_t>> runKept(nanobind::dict feed, nanobind::dict buffers,
                                                          std::vector<int64_t> lengths);
  nanobind::list reference(nanobind::dict feed);
  void save(const std::string &path);
  std::string describeInputs() const { return describePorts(inputs); }
  std::string describeOutputs() const { return describePorts(outputs); }
  std::string describeStates();
  std::string summary() const;

  Messages messages;

private:
  /// The code, loaded when it is first needed: it may be for another machine.
  Executable &getLibrary();
  static std::string describePorts(llvm::ArrayRef<Port> ports);

  std::unique_ptr<Session> session;
  Compiled compiled;
  std::unique_ptr<Executable> library, interpreter;
  std::vector<Port> inputs, outputs;
  std::string path; // of a library that was loaded
  int threads = 1;
};

/// Writes the quantized model to `output`; returns the summary as JSON.
std::string quantizeModel(const std::string &path, nanobind::object samples, const std::string &output,
                          const QuantizationOptions &options, Dims dims, Messages &messages);

} // namespace nibble::driver::python

#endif // NIBBLE_PYTHON_PROGRAM_H
