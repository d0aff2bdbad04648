// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiled code in this process, seen as an executable.

#ifndef NIBBLE_LIB_DRIVER_LOADEDEXECUTABLE_H
#define NIBBLE_LIB_DRIVER_LOADEDEXECUTABLE_H

#include "nibble/Codegen/Load.h"
#include "nibble/Driver/Executable.h"

namespace nibble::driver {

/// The ports that a descriptor tells of.
llvm::Error readPorts(const nibble_model_desc &desc, std::vector<Port> &inputs, std::vector<Port> &outputs);

std::vector<StatePort> readStates(const LoadedModel &model);

/// Owns `model`; runs use `threads` threads, and may be called by several threads at once. With `sparesMemory` a run on
/// one thread has the weights of one kernel in memory at a time, which makes it slower where they are many.
llvm::Expected<std::unique_ptr<Executable>> makeLoadedExecutable(std::unique_ptr<LoadedModel> model, int threads,
                                                                 bool sparesMemory = false);

/// The names of the inputs' dynamic dimensions, in the order of a context's `dims`.
llvm::SmallVector<std::string> listDims(llvm::ArrayRef<Port> inputs);

/// The largest value of each dynamic dimension that a run of `model` takes, where its arena tells.
DimValues findLimits(const LoadedModel &model, llvm::ArrayRef<Port> inputs);

/// Opens the shared library at `path`, whatever its model is called.
llvm::Expected<std::unique_ptr<LoadedModel>> openLibrary(llvm::StringRef path);

/// Milliseconds of each kernel call of a run on `feed`, in their order: the least of `runs` runs.
llvm::Expected<std::vector<double>> measureKernels(LoadedModel &model, const NamedArrays &feed, int runs);

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_LOADEDEXECUTABLE_H
