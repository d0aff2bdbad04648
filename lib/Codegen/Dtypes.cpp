// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nibble_dtype beside our own kinds of elements.

#include "nibble/Codegen/Dtypes.h"
#include "nibble/Runtime/nibble_abi.h"

#include "llvm/ADT/STLExtras.h"

using namespace nibble;

/// By nibble_dtype.
static constexpr ElementKind kinds[] = {
    ElementKind::F32,        ElementKind::U8,        ElementKind::I8,         ElementKind::I32,
    ElementKind::I16,        ElementKind::Bool,      ElementKind::U16,        ElementKind::U32,
    ElementKind::I64,        ElementKind::U64,       ElementKind::F16,        ElementKind::BF16,
    ElementKind::F64,        ElementKind::I4,        ElementKind::U4,         ElementKind::I2,
    ElementKind::U2,         ElementKind::F8E4M3FN,  ElementKind::F8E4M3FNUZ, ElementKind::F8E5M2,
    ElementKind::F8E5M2FNUZ, ElementKind::F8E8M0FNU, ElementKind::F6E2M3FN,   ElementKind::F6E3M2FN,
    ElementKind::F4E2M1FN};
static_assert(kinds[NIBBLE_S16] == ElementKind::I16 && kinds[NIBBLE_S64] == ElementKind::I64 &&
              kinds[NIBBLE_F64] == ElementKind::F64 && kinds[NIBBLE_U2] == ElementKind::U2 &&
              kinds[NIBBLE_F4E2M1FN] == ElementKind::F4E2M1FN && std::size(kinds) == NIBBLE_F4E2M1FN + 1);

uint32_t nibble::getDtype(ElementKind kind) {
  const ElementKind *found = llvm::find(kinds, kind);
  assert(found != std::end(kinds) && "bytes of no type");
  return found - kinds;
}

std::optional<ElementKind> nibble::getElementKind(uint32_t dtype) {
  return dtype < std::size(kinds) ? std::optional(kinds[dtype]) : std::nullopt;
}
