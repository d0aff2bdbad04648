// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a model is made of.

#ifndef NIBBLE_DRIVER_INSPECT_H
#define NIBBLE_DRIVER_INSPECT_H

#include "nibble/Driver/Executable.h"
#include "nibble/Driver/Summary.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

namespace nibble::driver {

struct ModelInfo {
  std::string name, hash, planHash; // as nibble_model_desc has them; the plan's of a compiled model
  std::vector<Port> inputs, outputs;
  std::vector<StatePort> states;             // of a compiled model
  std::map<std::string, int64_t> operations; // how many of each kind; constants are not counted
  int64_t weightBytes = 0;                   // of what the operations read
  int64_t products = 0;                      // multiplications of convolutions and matrices
  int64_t fileBytes = 0;                     // with external data
  std::map<std::string, int64_t> precisions; // how many nodes of a compiled model have each
  std::optional<int64_t> arenaBytes;         // of a compiled model
  // Values of dynamic dimensions that `products` or `arenaBytes` are for, where they depend on any.
  DimValues dims;
  std::vector<std::string> targets; // instruction sets of a compiled model
  std::vector<SpecializationSummary> specializations;
};

/// The ports of a module's function `main`; an error if it has none or one of a
/// type that no array has.
llvm::Error readPorts(mlir::ModuleOp module, std::vector<Port> &inputs, std::vector<Port> &outputs);

llvm::Expected<ModelInfo> inspect(mlir::ModuleOp module);

llvm::json::Object toJson(const ModelInfo &info);
llvm::json::Object toJson(const DimValues &dims);
/// "batch = 1, sequence = 128".
std::string describe(const DimValues &dims);
/// "arena of 4,096 bytes, 64 bytes of weights of its own".
std::string describeMemory(const SpecializationSummary &code);
llvm::json::Array toJson(llvm::ArrayRef<Port> ports);
/// States by the names of their inputs and outputs.
llvm::json::Array toJson(llvm::ArrayRef<StatePort> states, llvm::ArrayRef<Port> inputs, llvm::ArrayRef<Port> outputs);
void print(const ModelInfo &info, llvm::raw_ostream &os);

} // namespace nibble::driver

#endif // NIBBLE_DRIVER_INSPECT_H
