// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Outputs made of pieces: copies and fills.

#include "Copy.h"
#include "nibble/Kernels/Move.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::kernels;

static bool isFilled(const Piece &piece) { return piece.source < 0; }

/// Operands: the output, then the input if there is one.
static Box pieceBox(const AssembleParams &params, const Piece &piece) {
  Box box{piece.shape, {{params.elementBytes, piece.outputStrides, piece.outputOffset}}};
  if (!isFilled(piece))
    box.operands.push_back({params.elementBytes, piece.inputStrides});
  return mergeDimensions(std::move(box));
}

std::vector<Piece> nibble::kernels::borderPieces(const Extents &shape, const Extents &outputStrides, const Extents &low,
                                                 const Extents &inside) {
  std::vector<Piece> pieces;
  // Dimension by dimension: what lies below and above the box, inside of it in the dimensions before.
  Piece piece{-1, shape, {}, outputStrides, 0};
  for (size_t d = 0; d < shape.size(); ++d) {
    const Extent high = low[d] + inside[d];
    for (auto [start, count] : {std::pair(Extent(0), low[d]), std::pair(high, max(shape[d] - high, 0))}) {
      if (count.getStaticOr(1) <= 0)
        continue;
      pieces.push_back(piece);
      pieces.back().shape[d] = count;
      pieces.back().outputOffset += start * outputStrides[d];
    }
    piece.shape[d] = inside[d];
    piece.outputOffset += low[d] * outputStrides[d];
  }
  return pieces;
}

std::string nibble::kernels::whyNoAssemble(const AssembleParams &params, const ISA &isa) {
  for (const Piece &piece : params.pieces) {
    if (piece.source >= params.inputs)
      return "a piece of input " + std::to_string(piece.source) + " of " + std::to_string(params.inputs);
    if (std::string why =
            whyNotElements(params.elementBytes, piece.shape,
                           {isFilled(piece) ? piece.outputStrides : piece.inputStrides, piece.outputStrides});
        !why.empty())
      return why;
  }
  return "";
}

std::string nibble::kernels::assembleKernelName(const AssembleParams &params, const ISA &isa) {
  return "x" + std::to_string(8 * params.elementBytes) + "_assemble_" + isa.name.str();
}

std::string nibble::kernels::assembleKernelKey(const AssembleParams &params) {
  std::string key = "assemble " + std::to_string(params.elementBytes) + " of " + std::to_string(params.inputs) +
                    " fill " + std::to_string(params.fill);
  for (const Piece &piece : params.pieces) {
    Box box = pieceBox(params, piece);
    key += " piece " + std::to_string(piece.source) + " at " + piece.outputOffset.str() + " " + spelling(box.shape);
    for (const BoxOperand &operand : box.operands)
      key += " by " + spelling(operand.strides);
  }
  return key;
}

Extent nibble::kernels::assembleTileCount(const AssembleParams &params) {
  Extent count = 0;
  for (const Piece &piece : params.pieces)
    count += boxTileCount(pieceBox(params, piece));
  return count;
}

/// Tiles, or the items of a GPU.
static Extent assembleItemCount(const AssembleParams &params, const ISA &isa) {
  Extent count = 0;
  for (const Piece &piece : params.pieces)
    count += boxItemCount(pieceBox(params, piece), isa);
  return count;
}

/// Tiles [begin, end) of a piece.
static void emitPiece(KernelBuilder &b, const AssembleParams &params, const Piece &piece, ArrayRef<Value> pointers,
                      Value begin, Value end) {
  const Box box = pieceBox(params, piece);
  Value target = b.at(pointers.back(), piece.outputOffset);
  if (!isFilled(piece))
    return emitBox(b, box, {target, pointers[piece.source]}, begin, end,
                   [&](ArrayRef<Value> row, const Extent &length) {
                     emitCopyRow(b, Box{box.shape, {box.operands[1], box.operands[0]}}, {row[1], row[0]}, length);
                   });
  const unsigned width = 8 * params.elementBytes;
  TypedAttr value = b.getIntegerAttr(b.getIntegerType(width), APInt(width, params.fill, false, true));
  emitBox(b, box, target, begin, end, [&](ArrayRef<Value> row, const Extent &length) {
    emitFillBox(b, Box{{length}, {{params.elementBytes, {box.operands[0].strides.back()}}}}, row[0], value);
  });
}

/// Item `own` of a piece, if it has that many.
static void emitPieceOfItem(KernelBuilder &b, const AssembleParams &params, const Piece &piece,
                            ArrayRef<Value> pointers, Value own, const Extent &count) {
  if (count == 0)
    return;
  Value isThere = b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, own, b.constant(count));
  b.when(isThere, [&] { emitPiece(b, params, piece, pointers, own, own); });
}

func::FuncOp nibble::kernels::emitAssemble(OpBuilder &builder, Location loc, llvm::StringRef symbol,
                                           const AssembleParams &params, const ISA &isa) {
  assert(whyNoAssemble(params, isa).empty());
  return defineKernel(builder, loc, symbol, isa, assembleItemCount(params, isa),
                      [&](KernelBuilder &b, Value args, Value begin, Value end) {
                        SmallVector<Value> pointers = loadArguments(b, args, params.inputs + 1);
                        Extent start = 0;
                        for (const Piece &piece : params.pieces) {
                          const Extent count = boxItemCount(pieceBox(params, piece), isa);
                          if (isa.isGPU()) {
                            emitPieceOfItem(b, params, piece, pointers,
                                            b.create<arith::SubIOp>(begin, b.constant(start)), count);
                            start += count;
                            continue;
                          }
                          auto within = [&](Value tile) {
                            Value own = b.create<arith::SubIOp>(tile, b.constant(start));
                            own = b.create<arith::MaxSIOp>(own, b.constant(0));
                            return b.create<arith::MinSIOp>(own, b.constant(count));
                          };
                          emitPiece(b, params, piece, pointers, within(begin), within(end));
                          start += count;
                        }
                      });
}
