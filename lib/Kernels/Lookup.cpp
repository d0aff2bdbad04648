// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Lookup.h"

using namespace mlir;
using namespace nibble::kernels;

LookupTable::LookupTable(KernelBuilder &b, Value pointer, bool vectors) : b(b), pointer(pointer) {
  if (!vectors || b.isa.vectorBits < 256)
    return;
  const int64_t lanes = b.isa.vectorBits / 8;
  SmallVector<int64_t> repeat;
  for (int64_t i = 0; i < lanes; ++i)
    repeat.push_back(i % 16);
  for (int64_t piece = 0; piece < 16; ++piece) {
    Value entries = b.load(b.vec(16, b.i8()), b.at(pointer, 16 * piece));
    pieces.push_back(b.shuffle(entries, entries, repeat));
  }
}

Value LookupTable::at(Value bytes) {
  const int64_t count = b.lanesOf(bytes);
  if (pieces.empty() || count < 16)
    return loaded(bytes);
  if (count == lanes())
    return shuffled(bytes);
  SmallVector<int64_t> wide;
  for (int64_t i = 0; i < lanes(); ++i)
    wide.push_back(i % count);
  return b.slice(shuffled(b.shuffle(bytes, bytes, wide)), 0, count);
}

/// In piece p the shuffle shall read byte q - 16p where that is below 16, and give 0 elsewhere. It does the latter
/// where the index's top bit is set, which the saturating addition of 0x70 to q ^ 16p achieves.
Value LookupTable::shuffled(Value bytes) {
  const bool wide = lanes() == 64;
  VectorType type = b.vec(lanes(), b.i8());
  Value bias = b.splat(type, int64_t(0x70)), result;
  for (auto [piece, entries] : llvm::enumerate(pieces)) {
    Value index = piece == 0 ? bytes : b.create<arith::XOrIOp>(bytes, b.splat(type, int64_t(16 * piece)));
    index = b.intrinsic(wide ? "llvm.uadd.sat.v64i8" : "llvm.uadd.sat.v32i8", type, {index, bias});
    Value found = b.intrinsic(wide ? "llvm.x86.avx512.pshuf.b.512" : "llvm.x86.avx2.pshuf.b", type, {entries, index});
    result = result ? b.create<arith::OrIOp>(result, found) : found;
  }
  return result;
}

Value LookupTable::loaded(Value bytes) {
  SmallVector<Value, 16> entries;
  for (int64_t lane = 0; lane < b.lanesOf(bytes); ++lane) {
    Value byte = vector::ExtractOp::create(b, bytes, lane);
    Value index = b.create<arith::ExtUIOp>(b.i64(), byte);
    entries.push_back(b.load(b.i8(), b.at(pointer, index)));
  }
  return vector::FromElementsOp::create(b, cast<VectorType>(bytes.getType()), entries);
}
