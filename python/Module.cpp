// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The native half of the Python package: thin, the functions for people are in the package itself.

#include "Opt.h"
#include "Program.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <cfenv>

namespace nb = nanobind;
using namespace nibble::driver;
using namespace nibble::driver::python;

/// Python's threads may round or flush numbers in another way (-ffast-math in any of its modules), what runs here must
/// not.
namespace {
class DefaultFloatState {
public:
  DefaultFloatState() {
    std::fegetenv(&before);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloatState() { std::fesetenv(&before); }

private:
  std::fenv_t before;
};
} // namespace

static void bindOptions(nb::module_ &module) {
  nb::class_<QuantizationOptions>(module, "QuantizationOptions")
      .def(nb::init<>())
      .def_rw("weights", &QuantizationOptions::weights)
      .def_rw("activations", &QuantizationOptions::activations)
      .def_rw("mode", &QuantizationOptions::mode)
      .def_rw("calib_method", &QuantizationOptions::calibMethod)
      .def_rw("per_tensor", &QuantizationOptions::perTensor)
      .def_rw("max_bytes", &QuantizationOptions::maxBytes, nb::arg().none())
      .def_rw("avg_bits", &QuantizationOptions::avgBits, nb::arg().none())
      .def_rw("output_sqnr", &QuantizationOptions::outputSqnr, nb::arg().none())
      .def_rw("plan_out", &QuantizationOptions::planOut)
      .def_rw("rounding", &QuantizationOptions::rounding)
      .def_rw("bias_correction", &QuantizationOptions::biasCorrection)
      .def_rw("calib_file", &QuantizationOptions::calibFile)
      .def_rw("plan", &QuantizationOptions::plan)
      .def_rw("group", &QuantizationOptions::group, nb::arg().none())
      .def_rw("min_sqnr", &QuantizationOptions::minSqnr, nb::arg().none())
      .def_rw("strict", &QuantizationOptions::strict);
  nb::class_<CompileOptions>(module, "CompileOptions")
      .def(nb::init<>())
      .def_rw("quantization", &CompileOptions::quantization)
      .def_rw("target", &CompileOptions::target)
      .def_rw("name", &CompileOptions::name)
      .def_rw("io", &CompileOptions::io)
      .def_rw("io_layout", &CompileOptions::ioLayout)
      .def_rw("requant", &CompileOptions::requant)
      .def_rw("ptxas", &CompileOptions::ptxas)
      .def_rw("strip", &CompileOptions::strip)
      .def_rw("bounds", &CompileOptions::bounds)
      .def_rw("states", &CompileOptions::states)
      .def_rw("specializations", &CompileOptions::specializations)
      .def_rw("threads", &CompileOptions::threads);
}

static void bindProgram(nb::module_ &module) {
  nb::class_<Program>(module, "Program")
      .def("run", &Program::run, nb::call_guard<DefaultFloatState>())
      .def("run_kept", &Program::runKept, nb::call_guard<DefaultFloatState>())
      .def("reference", &Program::reference, nb::call_guard<DefaultFloatState>())
      .def("save", &Program::save)
      .def_prop_ro("inputs", &Program::describeInputs)
      .def_prop_ro("outputs", &Program::describeOutputs)
      .def_prop_ro("states", &Program::describeStates)
      .def_prop_ro("summary", &Program::summary)
      .def_prop_ro("warnings", [](const Program &program) { return program.messages.warnings; });
  module.def("compile", &Program::compile, nb::arg("path"), nb::arg("samples").none(), nb::arg("options"),
             nb::arg("dims"), nb::call_guard<DefaultFloatState>());
  module.def("load", &Program::load, nb::arg("path"), nb::arg("threads"));
  module.def(
      "quantize",
      [](const std::string &path, nb::object samples, const std::string &output, const QuantizationOptions &options,
         Dims dims) {
        Messages messages;
        std::string summary = quantizeModel(path, samples, output, options, std::move(dims), messages);
        return std::pair(summary, messages.warnings);
      },
      nb::arg("path"), nb::arg("samples").none(), nb::arg("output"), nb::arg("options"), nb::arg("dims"),
      nb::call_guard<DefaultFloatState>());
}

NB_MODULE(_nibble, module) {
  module.doc() = "The native half of nibble.";
  nb::exception<Failure>(module, "Error", PyExc_ValueError);
  module.def("opt", &opt, nb::arg("source"), nb::arg("pipeline") = "", nb::call_guard<nb::gil_scoped_release>(),
             "Run a pass pipeline on MLIR text and return the result's text.\n\n"
             "Raises nibble.Error with the diagnostics when the text does not parse or a pass fails.");
  bindOptions(module);
  bindProgram(module);
}
