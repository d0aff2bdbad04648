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

/// An input and an output in one buffer, which whoever runs the model keeps from run to run.
struct StatePort {
  unsigned input = 0, output = 0;
  std::optional<unsigned> axis;           // along which a run appends; none where both have one shape
  llvm::SmallVector<int64_t, 4> capacity; // extents of the buffer, negative where it has the input's dynamic ones
};

/// The buffers of a model's states, in their order, and how many positions along its axis each holds.
struct Kept {
  std::vector<Array> buffers;
  std::vector<int64_t> lengths;
};

/// A zeroed buffer of a state whose input has `shape`.
Array allocateState(const StatePort &state, ElementKind kind, llvm::ArrayRef<int64_t> shape);
/// Copies between a tensor and a state's buffer.
Array toBuffer(const StatePort &state, const Array &rows);
Array fromBuffer(const StatePort &state, const Array &buffer, llvm::ArrayRef<int64_t> shape);

class Executable {
public:
  virtual ~Executable();
  llvm::ArrayRef<Port> inputs() const { return inputPorts; }
  llvm::ArrayRef<Port> outputs() const { return outputPorts; }
  /// The largest value of each dynamic dimension that a run takes, where there is one and it is known.
  const DimValues &limits() const { return dimLimits; }
  llvm::ArrayRef<StatePort> states() const { return stateList; }
  /// Runs on one feed; the outputs come in the model's order. States are inputs and outputs as others are: copied.
  llvm::Expected<std::vector<Array>> run(const NamedArrays &feed);
  /// Runs on the other inputs and what is kept, in place; gives the other outputs.
  llvm::Expected<std::vector<Array>> run(const NamedArrays &feed, Kept &kept);

protected:
  /// `arguments` are in the inputs' order and have their types; with `kept`, those of states point to its buffers.
  virtual llvm::Expected<std::vector<Array>> execute(llvm::ArrayRef<Array> arguments, Kept *kept) = 0;
  std::vector<Port> inputPorts, outputPorts;
  std::vector<StatePort> stateList;
  DimValues dimLimits;

private:
  /// Arguments of the inputs' types, none too large.
  llvm::Expected<std::vector<Array>> arrange(const NamedArrays &feed) const;
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
