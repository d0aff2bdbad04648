// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files written whole or not at all.

#ifndef NIBBLE_SUPPORT_OUTPUTFILE_H
#define NIBBLE_SUPPORT_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace nibble {

/// Writes to a temporary file beside `path` and renames it once `write` has
/// succeeded, so that a failure leaves what was there. "-" is the standard
/// output.
llvm::Error writeFile(llvm::StringRef path, llvm::function_ref<llvm::Error(llvm::raw_pwrite_stream &)> write,
                      bool executable = false);

/// The same with the content at hand.
llvm::Error writeFile(llvm::StringRef path, llvm::StringRef content, bool executable = false);

/// Fails as `writeFile` would for a folder that is missing or may not be
/// written: asked before long work.
llvm::Error checkWritable(llvm::StringRef path);

} // namespace nibble

#endif // NIBBLE_SUPPORT_OUTPUTFILE_H
