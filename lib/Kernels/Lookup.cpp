// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Lookup.h"

using namespace mlir;
using namespace nibble::kernels;

LookupTable::LookupTable(KernelBuilder &b, Value pointer, bool vectors)
    : b(b), instructions(Instructions::of(b.isa.arch)), pointer(pointer) {
  if (!vectors || !instructions.hasLookup(b.isa))
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
    return instructions.lookup(b, pieces, bytes);
  SmallVector<int64_t> wide;
  for (int64_t i = 0; i < lanes(); ++i)
    wide.push_back(i % count);
  return b.slice(instructions.lookup(b, pieces, b.shuffle(bytes, bytes, wide)), 0, count);
}

Value LookupTable::loaded(Value bytes) {
  SmallVector<Value, 16> entries;
  for (int64_t lane = 0; lane < b.lanesOf(bytes); ++lane) {
    Value byte = vector::ExtractOp::create(b, bytes, lane);
    Value index = b.create<arith::ExtUIOp>(b.index(), byte);
    entries.push_back(b.load(b.i8(), b.at(pointer, index)));
  }
  return vector::FromElementsOp::create(b, cast<VectorType>(bytes.getType()), entries);
}
