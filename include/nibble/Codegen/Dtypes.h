// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The numbers that compiled models give the types of elements.

#ifndef NIBBLE_CODEGEN_DTYPES_H
#define NIBBLE_CODEGEN_DTYPES_H

#include "nibble/Support/Array.h"

#include <cstdint>
#include <optional>

namespace nibble {

/// The nibble_dtype of elements that a model can have.
uint32_t getDtype(ElementKind kind);
/// The reverse; none for a number that is not known.
std::optional<ElementKind> getElementKind(uint32_t dtype);

} // namespace nibble

#endif // NIBBLE_CODEGEN_DTYPES_H
