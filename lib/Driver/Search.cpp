// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Compilation.h"
using namespace llvm;
namespace nibble::driver {
Error Compilation::searchPlan() { return Error::success(); }
} // namespace nibble::driver
