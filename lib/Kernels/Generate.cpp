// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops over the elements that a scalar program computes.

#include "nibble/Kernels/Generate.h"
#include "Box.h"
#include "ScalarEmitter.h"
#include "nibble/Dialect/Nibble/ScalarProgram.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

namespace {
/// How the elements are divided: the indices of the first `outer` dimensions, and, where the last dimension is all that
/// remains, pieces of it.
struct Tiling {
  size_t outer = 0;
  Extent tiles = 1;
  int64_t piece = 0; ///< elements of a piece; 0 where there are none
  Extent pieces = 1;
};
} // namespace

/// Trips of a loop whose bounds are not known, for the estimate of work alone.
static constexpr int64_t kUnknownTrips = 32;
/// Operations that are worth a tile of their own.
static constexpr int64_t kWorkOfTile = 1 << 16;

/// How often about the body runs an operation for one element.
static int64_t estimateWork(Region &region) {
  int64_t work = 0;
  for (Operation &op : region.getOps()) {
    ++work;
    for (Region &inner : op.getRegions())
      work += estimateWork(inner) * (isa<scf::ForOp>(op) ? kUnknownTrips : 1);
  }
  return std::min(work, kWorkOfTile);
}

static Tiling tilingOf(const GenerateParams &params) {
  Tiling tiling;
  const Extents &shape = params.shape;
  const int64_t elements = kWorkOfTile / std::max<int64_t>(1, estimateWork(*params.body));
  const auto rest = [&] { return product(ArrayRef(shape).drop_front(tiling.outer)); };
  if (rest() == 0) {
    tiling.tiles = 0;
    return tiling;
  }
  while (tiling.outer + 1 < shape.size() && evaluateUsually(rest()) > elements)
    tiling.tiles *= shape[tiling.outer++];
  if (tiling.outer + 1 == shape.size() && evaluateUsually(rest()) > elements) {
    tiling.piece = elements;
    tiling.pieces = ceilDiv(rest(), elements);
    tiling.tiles *= tiling.pieces;
  }
  return tiling;
}

/// A GPU's threads have an element each.
static Tiling tilingOf(const GenerateParams &params, const ISA &isa) {
  if (!isa.isGPU())
    return tilingOf(params);
  Tiling tiling;
  tiling.outer = params.shape.size();
  tiling.tiles = product(params.shape);
  return tiling;
}

static std::string nameOf(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

std::string nibble::kernels::whyNoGenerate(const GenerateParams &, const ISA &) { return ""; }

std::string nibble::kernels::generateKernelName(const GenerateParams &params, const ISA &isa) {
  std::string name;
  constexpr size_t most = 4;
  for (const GenerateInput &input : ArrayRef(params.inputs).take_front(most))
    name += nameOf(input.element) + "_";
  if (params.inputs.size() > most)
    name += "and" + std::to_string(params.inputs.size() - most) + "_";
  return name + nameOf(params.element) + "_generate_" + isa.name.str();
}

std::string nibble::kernels::generateKernelKey(const GenerateParams &params) {
  std::string key =
      "generate " + nameOf(params.element) + " " + spelling(params.shape) + " by " + spelling(params.outputStrides);
  for (const GenerateInput &input : params.inputs)
    key += " from " + nameOf(input.element) + " " + spelling(input.shape) + " by " + spelling(input.strides);
  return key + " " + printScalarProgram(*params.body);
}

bool nibble::kernels::generatesFloat(const GenerateParams &params) {
  auto isFloat = [](Type type) { return isa<FloatType>(type); };
  return params.body
      ->walk([&](Operation *op) {
        bool computes = !isa<arith::ConstantOp, arith::SelectOp, arith::BitcastOp, ReadOp, YieldOp>(op) &&
                        op->getNumRegions() == 0 && !op->hasTrait<OpTrait::IsTerminator>();
        computes &= llvm::any_of(op->getOperandTypes(), isFloat) || llvm::any_of(op->getResultTypes(), isFloat);
        return computes ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

Extent nibble::kernels::generateTileCount(const GenerateParams &params) { return tilingOf(params).tiles; }

namespace {
/// The loops of one kernel.
class GenerateLoops {
public:
  GenerateLoops(KernelBuilder &b, const GenerateParams &params, Value args)
      : b(b), params(params), tiling(tilingOf(params, b.isa)), emitter(b, params, args),
        output(b.argument(args, params.inputs.size())), indices(params.shape.size()) {}

  void emitTile(Value tile);

private:
  void emitDimension(size_t dimension);
  void emitElement();

  KernelBuilder &b;
  const GenerateParams &params;
  const Tiling tiling;
  ScalarEmitter emitter;
  Value output;
  Values indices;
  Value firstOfPiece, endOfPiece;
};
} // namespace

void GenerateLoops::emitTile(Value tile) {
  if (tiling.piece) {
    firstOfPiece = b.mul(b.takeDigit(tile, tiling.pieces), b.constant(tiling.piece));
    endOfPiece =
        b.create<arith::MinSIOp>(b.add(firstOfPiece, b.constant(tiling.piece)), b.constant(params.shape.back()));
  }
  for (size_t d = tiling.outer; d-- > 0;)
    indices[d] = b.takeDigit(tile, params.shape[d]);
  emitDimension(tiling.outer);
}

void GenerateLoops::emitDimension(size_t dimension) {
  if (dimension == params.shape.size())
    return emitElement();
  auto body = [&](Value iv) {
    indices[dimension] = iv;
    emitDimension(dimension + 1);
  };
  if (tiling.piece)
    b.loop(firstOfPiece, endOfPiece, body);
  else
    b.loop(params.shape[dimension], body);
}

void GenerateLoops::emitElement() {
  Value offset = b.constant(0);
  for (auto [index, stride] : llvm::zip(indices, params.outputStrides))
    offset = b.addMul(offset, index, stride);
  emitter.store(emitter.emit(indices), b.at(output, offset));
}

func::FuncOp nibble::kernels::emitGenerate(OpBuilder &builder, Location loc, StringRef symbol,
                                           const GenerateParams &params, const ISA &isa) {
  assert(whyNoGenerate(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, tilingOf(params, isa).tiles,
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        if (llvm::is_contained(params.shape, Extent(0)))
                          return;
                        GenerateLoops loops(b, params, args);
                        b.loop(begin, end, [&](Value tile) { loops.emitTile(tile); });
                      });
}
