// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Types.h"

using namespace ptx;

Type ptx::typeNamed(std::string_view name) {
  static constexpr struct {
    std::string_view name;
    Type type;
  } names[] = {{"pred", Type::Pred}, {"b8", Type::B8},   {"b16", Type::B16}, {"b32", Type::B32}, {"b64", Type::B64},
               {"u8", Type::U8},     {"u16", Type::U16}, {"u32", Type::U32}, {"u64", Type::U64}, {"s8", Type::S8},
               {"s16", Type::S16},   {"s32", Type::S32}, {"s64", Type::S64}, {"f16", Type::F16}, {"f16x2", Type::F16x2},
               {"f32", Type::F32},   {"f64", Type::F64}};
  for (const auto &entry : names)
    if (entry.name == name)
      return entry.type;
  return Type::None;
}
