// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/TypeText.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

std::string nibble::describe(mlir::TypeRange types) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "(";
  llvm::interleaveComma(types, os);
  os << ")";
  return text;
}
