// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What can be run: a compiled model or the reference interpreter, behind one
// interface.

#ifndef NIBBLE_DRIVER_EXECUTABLE_H
#define NIBBLE_DRIVER_EXECUTABLE_H

#include "nibble/Support/Array.h"

#include "llvm/Support/Error.h"

#include <map>

namespace nibble::driver {

/// An input or output of a model.
struct Port {
  std::string name;
  ElementKind kind = ElementKind::F32;
  llvm::SmallVector<int64_t, 4> shape;    // negative where dynamic
  llvm::SmallVector<std::string, 4> dims; // the dynamic dimensions' names, else ""; may be empty. Of outputs these may
                                          // be expressions: "past + sequence"
  std::optional<std::pair<float, int32_t>> quantization; // scale and zero point of integers that stand for reals
  std::string layout;                                    // "nchw" or "nhwc" of an image, else empty
};

/// "float32[batch x 3 x 9 x 7]".
std::string describe(const Port &port);

/// Values of dynamic dimensions by their names.
using DimValues = std::map<std::string, int64_t>;

class Executable {
public:
  virtual ~Executable();
  llvm::ArrayRef<Port> inputs() const { return inputPorts; }
  llvm::ArrayRef<Port> outputs() const { return outputPorts; }
  /// The largest value of each dynamic dimension that a run takes, where there is one and it is known.
  const DimValues &limits() const { return dimLimits; }
  /// Runs on one feed; the outputs come in the model's order.
  llvm::Expected<std::vector<Array>> run(const NamedArrays &feed);

protected:
  /// `arguments` are in the inputs' order and have their types.
  virtual llvm::Expected<std::vector<Array>> execute(llvm::ArrayRef<Array> arguments) = 0;
  std::vector<Port> inputPorts, outputPorts;
  DimValues dimLimits;
};

/// Brings a feed into the order of the inputs, or says which input is missing, unknown or of another type or shape, or
/// which two disagree on a dimension that both name.
/// Where an input takes integers that stand for real numbers, floats are quantized.
llvm::Expected<std::vector<Array>> arrangeFeed(llvm::ArrayRef<Port> inputs, const NamedArrays &feed);

/// The value of `from`, an input or output of one form of a model, as another form has it: its dimensions in the order
/// of `to`, and real numbers in place of integers if `to` has those.
Array adapt(const Port &from, const Array &array, const Port &to);

/// A feed of a model with the inputs `from` as another form of it with the inputs `to` takes it.
NamedArrays adapt(llvm::ArrayRef<Port> from, const NamedArrays &feed, llvm::ArrayRef<Port> to);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_EXECUTABLE_H
