// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a compiled file tells of itself, in a section that is never in memory.

#ifndef NIBBLE_LIB_DRIVER_EXPLANATION_H
#define NIBBLE_LIB_DRIVER_EXPLANATION_H

#include "nibble/Codegen/Load.h"
#include "nibble/Driver/Executable.h"
#include "nibble/Driver/Summary.h"

namespace nibble::driver {

inline constexpr llvm::StringLiteral kExplanationSection = ".nibble.explanation";

/// The summary without times, which differ from run to run.
std::vector<char> packExplanation(Summary summary);

/// The explanation in the file at `path`; none if it was stripped.
llvm::Expected<std::optional<Summary>> readExplanation(llvm::StringRef path);

/// Adds the calls and buffers of `model`, and to each node its kernel.
void addCalls(Summary &summary, const CompiledModel &model);

/// The calls that a run with these dimensions makes: those of a specialization, or of the code for all others.
std::vector<CallSummary> &findCalls(Summary &summary, const DimValues &dims);

/// Whether calls run more than once or perhaps not at all, so that single nodes have no times.
bool hasControl(const Summary &summary);
constexpr llvm::StringLiteral kNoTimes =
    "there are no times of single nodes: the model has loops or branches, whose calls run more than once or not always";

/// Of models whose kernels run on a device.
constexpr llvm::StringLiteral kNoDeviceTimes =
    "there are no times: a GPU runs the kernels of a model in one go, which nibble bench measures";

/// Takes the time of each call on a feed in the form of `feedPorts`, or on random numbers (chooseDims) if `feed` is
/// null, and adds it to the call and its node; that of the calls of each specialization on random numbers. Not all
/// models with dynamic dimensions take those.
llvm::Error measureCalls(LoadedModel &model, const NamedArrays *feed, llvm::ArrayRef<Port> feedPorts, Summary &summary);

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_EXPLANATION_H
