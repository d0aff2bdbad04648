// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a compiled model's run function says, for people.

#ifndef NIBBLE_LIB_DRIVER_RUNSTATUS_H
#define NIBBLE_LIB_DRIVER_RUNSTATUS_H

#include "nibble/Support/Errors.h"

namespace nibble::driver {

/// An error unless `status` is NIBBLE_OK; `isa` is what the model was compiled for.
llvm::Error checkStatus(int32_t status, llvm::StringRef isa);

} // namespace nibble::driver

#endif // NIBBLE_LIB_DRIVER_RUNSTATUS_H
