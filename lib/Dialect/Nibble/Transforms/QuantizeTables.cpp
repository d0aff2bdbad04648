// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Dialect/Nibble/Passes.h"
#include "nibble/Quantization/Roles.h"
#include "nibble/Quantization/Weights.h"
#include "nibble/Support/Constants.h"

namespace nibble {
#define GEN_PASS_DEF_QUANTIZETABLES
#include "nibble/Dialect/Nibble/Passes.h.inc"
} // namespace nibble

#define DEBUG_TYPE "nibble-quantize-tables"

using namespace mlir;
using namespace nibble;

namespace {

struct QuantizeTables : nibble::impl::QuantizeTablesBase<QuantizeTables> {
  using QuantizeTablesBase::QuantizeTablesBase;

  /// The rows of a table in i8 and their scales.
  struct Table {
    Value rows, scales;
  };
  llvm::DenseMap<Value, Table> tables; // of those seen; several operations may read one

  /// Null where the table is not constant, too small or not finite.
  Table quantize(Value table) {
    auto [known, isNew] = tables.try_emplace(table);
    if (!isNew)
      return known->second;
    auto type = cast<RankedTensorType>(table.getType());
    auto values = getConstantValues<float>(table);
    if (!values || static_cast<int64_t>(values->size()) < least)
      return {};
    const int64_t rows = type.getDimSize(0), length = static_cast<int64_t>(values->size()) / rows;
    QuantizedWeights stored = quantizeWeights(
        *values, [&](size_t i) { return static_cast<int64_t>(i) / length; }, rows, {}, 1.0f, /*perTensor=*/false);
    if (stored.values.empty())
      return {};
    OpBuilder builder(table.getDefiningOp());
    Value bytes =
        createConstant<int8_t>(builder, table.getLoc(), type.clone(builder.getI8Type()), ArrayRef(stored.values));
    Value scales = createConstant<float>(builder, table.getLoc(), {rows}, ArrayRef(stored.scales));
    ++quantized;
    return tables[table] = {bytes, scales};
  }

  void runOnOperation() override {
    tables.clear();
    getOperation()->walk([&](GatherRowsOp op) {
      if (auto precision = op->getAttrOfType<StringAttr>(kPrecisionAttr); precision && precision == "float")
        return;
      if (auto [rows, scales] = quantize(op.getTable()); rows) {
        op.getTableMutable().assign(rows);
        op.getScaleMutable().assign(scales);
      }
    });
  }
};

} // namespace
