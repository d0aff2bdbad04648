// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Errors that carry a message for a person.

#ifndef NIBBLE_SUPPORT_ERRORS_H
#define NIBBLE_SUPPORT_ERRORS_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

namespace nibble {

/// Lower case, no full stop, names the file, entry or option, says expected and
/// actual.
inline llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// The same error with "where: " before its text.
inline llvm::Error addContext(const llvm::Twine &where, llvm::Error error) {
  return makeError(where + ": " + llvm::toString(std::move(error)));
}

} // namespace nibble

#endif // NIBBLE_SUPPORT_ERRORS_H
