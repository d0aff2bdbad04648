// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PTX's fundamental types.

#ifndef PTX_TYPES_H
#define PTX_TYPES_H

#include <cstdint>
#include <string_view>

namespace ptx {

enum class Type : uint8_t { None, Pred, B8, B16, B32, B64, U8, U16, U32, U64, S8, S16, S32, S64, F16, F16x2, F32, F64 };

/// "s32" -> S32, None where it is no type.
Type typeNamed(std::string_view name);

constexpr unsigned bytesOf(Type type) {
  switch (type) {
  case Type::None:
    return 0;
  case Type::B8:
  case Type::U8:
  case Type::S8:
    return 1;
  case Type::B16:
  case Type::U16:
  case Type::S16:
  case Type::F16:
    return 2;
  case Type::Pred:
  case Type::B32:
  case Type::U32:
  case Type::S32:
  case Type::F16x2:
  case Type::F32:
    return 4;
  default:
    return 8;
  }
}

constexpr bool isSigned(Type type) { return type >= Type::S8 && type <= Type::S64; }
constexpr bool isFloat(Type type) { return type >= Type::F16; }
constexpr bool isUntyped(Type type) { return type >= Type::B8 && type <= Type::B64; }

} // namespace ptx

#endif
