// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "FourSteps.h"
#include "../Box.h"
#include "Device.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static constexpr int64_t steps = 4;

bool FourSteps::serves(const BatchMatMulParams &params) {
  const auto isByte = [](ElementKind kind) { return kind == ElementKind::U8 || kind == ElementKind::S8; };
  return params.lhs == ElementKind::F32 || (isByte(params.lhs) && isByte(params.rhs));
}

static Value repeat(KernelBuilder &b, Value vector, int64_t lane, int64_t lanes) {
  return b.shuffle(vector, vector, SmallVector<int64_t>(lanes, lane));
}

Values FourSteps::load(Value pointer, const Extent &pitch, int64_t rows, Type type) {
  Values loaded;
  for (int64_t row = 0; row < rows; ++row)
    loaded.push_back(b.load(type, b.at(pointer, pitch * row)));
  return loaded;
}

Values FourSteps::multiplyFloats(const Values &lhs, const Values &rhs, ValueRange accs) {
  Values next(accs);
  for (int64_t k = 0; k < steps; ++k)
    for (auto [acc, row] : llvm::zip(next, lhs))
      acc = b.create<LLVM::FMAOp>(acc.getType(), repeat(b, row, k, b.lanesOf(acc)), rhs[k], acc);
  return next;
}

Value FourSteps::transpose(const Values &rows) {
  const int64_t lanes = b.lanesOf(rows.front());
  const auto join = [&](Value x, Value y) {
    return b.shuffle(x, y, llvm::to_vector(llvm::seq<int64_t>(0, 2 * b.lanesOf(x))));
  };
  SmallVector<int64_t> order;
  for (int64_t lane = 0; lane < lanes; ++lane)
    for (int64_t row = 0; row < steps; ++row)
      order.push_back(row * lanes + lane);
  Value all = join(join(rows[0], rows[1]), join(rows[2], rows[3]));
  return b.bitcast(b.shuffle(all, all, order), b.i32());
}

Value FourSteps::dot(Value lhs, Value rhs, Value acc) {
  const auto sign = [](ElementKind kind) { return kind == ElementKind::U8 ? ".u" : ".s"; };
  const std::string name = std::string("llvm.nvvm.idp4a") + sign(p.lhs) + sign(p.rhs);
  return forEachLane(b, b.i32(), {lhs, rhs, acc}, [&](ValueRange x) { return b.intrinsic(name, b.i32(), x); });
}

/// The sums of the rows, then those of each row's own values, then those of the columns' own values, as far as needed.
Values FourSteps::multiplyBytes(const Values &lhs, const Values &rhs, ValueRange carried) {
  Values next(carried);
  const int64_t rows = lhs.size(), lanes = b.lanesOf(rhs.front());
  Value columns = transpose(rhs);
  const auto ones = [&](int64_t count) { return b.splat(b.vec(count, b.i32()), int64_t(0x01010101)); };
  for (int64_t row = 0; row < rows; ++row) {
    Value own = b.bitcast(lhs[row], b.i32());
    next[row] = dot(repeat(b, own, 0, lanes), columns, next[row]);
    if (hasRhsZero())
      next[rows + row] = dot(own, ones(1), next[rows + row]);
  }
  if (hasLhsZero())
    next.back() = dot(ones(lanes), columns, next.back());
  return next;
}

/// sum (l - zl) (r - zr) = sum l r - zr sum l - zl sum r + k zl zr
Values FourSteps::center(int64_t rows, int64_t trips, Values carried) {
  const int64_t lanes = b.lanesOf(carried.front());
  const auto all = [&](Value one) { return b.create<vector::BroadcastOp>(b.vec(lanes, b.i32()), one); };
  Values centered(ArrayRef(carried).take_front(rows));
  for (auto [row, acc] : llvm::enumerate(centered)) {
    if (hasRhsZero())
      acc = b.create<arith::SubIOp>(acc, b.mul(repeat(b, carried[rows + row], 0, lanes), all(rhsZero)));
    if (hasLhsZero())
      acc = b.create<arith::SubIOp>(acc, b.mul(carried.back(), all(lhsZero)));
    if (hasLhsZero() && hasRhsZero())
      acc = b.add(acc, all(b.mul(b.mul(lhsZero, rhsZero), b.splat(b.i32(), steps * trips))));
  }
  return centered;
}

Values FourSteps::emit(Value lhs, Value rhs, int64_t trips, ValueRange accs) {
  const int64_t rows = accs.size(), lanes = b.lanesOf(accs.front());
  VectorType lhsType = b.vec(steps, elementType(b, p.lhs)), rhsType = b.vec(lanes, elementType(b, p.rhs));
  Values start(accs);
  if (hasRhsZero())
    start.append(rows, b.splat(b.vec(1, b.i32()), int64_t(0)));
  if (hasLhsZero())
    start.push_back(b.splat(b.vec(lanes, b.i32()), int64_t(0)));
  const Values sums = b.loop(trips, start, [&](Value trip, ValueRange carried) {
    Value k = b.mul(trip, b.constant(steps));
    const Values left = load(b.at(lhs, b.mul(k, b.constant(bytesOf(p.lhs)))), p.lhsRow, rows, lhsType);
    const Values right = load(b.at(rhs, b.mul(k, b.constant(p.rhsRow))), p.rhsRow, steps, rhsType);
    return isFloat() ? multiplyFloats(left, right, carried) : multiplyBytes(left, right, carried);
  });
  return isFloat() ? sums : center(rows, trips, sums);
}
