// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "DimAttrs.h"
#include "nibble/Analysis/Extents.h"
#include "nibble/Dialect/UKernel/Passes.h"
#include "nibble/Driver/Executable.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace nibble::driver {

/// The values of all dimensions in the order of `names`; 0 of those that `values` does not give.
static Expected<mlir::DenseI64ArrayAttr> arrange(mlir::MLIRContext *context, ArrayRef<std::string> names,
                                                 const DimValues &values, StringRef option) {
  SmallVector<int64_t> arranged(names.size(), 0);
  for (const auto &[name, value] : values) {
    const auto *found = find(names, name);
    if (found == names.end())
      return makeError(
          option + ": no input has a dynamic dimension '" + name + "'; " +
          (names.empty() ? "all extents are known" : "the dynamic dimensions are '" + join(names, "', '") + "'"));
    arranged[found - names.begin()] = value;
  }
  return mlir::DenseI64ArrayAttr::get(context, arranged);
}

Error setDimAttrs(mlir::ModuleOp module, const CompileOptions &options) {
  if (options.bounds.empty() && options.specializations.empty())
    return Error::success();
  auto function = module.lookupSymbol<mlir::func::FuncOp>("main");
  if (!function)
    return makeError("the module has no function 'main'");
  const SmallVector<std::string> names = getDimNames(function);
  if (!options.bounds.empty()) {
    Expected<mlir::DenseI64ArrayAttr> bounds = arrange(module.getContext(), names, options.bounds, "bound");
    if (!bounds)
      return bounds.takeError();
    function->setAttr(ukernel::kBoundsAttr, *bounds);
  }
  // A run takes the first that is for its dimensions: those that fix more stand before.
  std::vector<SmallVector<mlir::Attribute>> byCount(names.size() + 1);
  for (const DimValues &values : options.specializations) {
    Expected<mlir::DenseI64ArrayAttr> arranged = arrange(module.getContext(), names, values, "specialize");
    if (!arranged)
      return arranged.takeError();
    byCount[names.size() - values.size()].push_back(*arranged);
  }
  SmallVector<mlir::Attribute> specializations;
  for (ArrayRef<mlir::Attribute> each : byCount)
    append_range(specializations, each);
  if (!specializations.empty())
    function->setAttr(ukernel::kSpecializationsAttr, mlir::ArrayAttr::get(module.getContext(), specializations));
  return Error::success();
}

void dropSpecializations(mlir::ModuleOp module) {
  if (auto function = module.lookupSymbol<mlir::func::FuncOp>("main"))
    function->removeAttr(ukernel::kSpecializationsAttr);
}

} // namespace nibble::driver
