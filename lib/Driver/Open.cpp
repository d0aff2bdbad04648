// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Open.h"
#include "nibble/Support/Errors.h"

using namespace llvm;

namespace nibble {

Expected<std::unique_ptr<Executable>>
openExecutable(Session &session, StringRef path, bool reference) {
  return makeError("'" + path + "' cannot be run");
}

} // namespace nibble
