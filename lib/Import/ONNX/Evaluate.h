// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Computation at import: contents, and the evaluators of nodes by family.

#ifndef NIBBLE_LIB_IMPORT_ONNX_EVALUATE_H
#define NIBBLE_LIB_IMPORT_ONNX_EVALUATE_H

#include "Importer.h"

namespace nibble::onnximport {

/// A node's result; nothing where it is not for import to compute.
using EvaluatedContent = std::optional<Content>;
using Evaluator = EvaluatedContent (*)(Node &);
using EvaluatorTable = llvm::StringMap<Evaluator>;

/// Contents have no more elements, and no greater extents.
constexpr int64_t kLargestContent = 1024;

/// A shape that a content may have.
bool isSmall(llvm::ArrayRef<int64_t> shape);
/// Of a shape that `isSmall`.
int64_t elementCount(llvm::ArrayRef<int64_t> shape);

/// An empty content of `like`'s element type.
Content emptyLike(const Content &like, llvm::ArrayRef<int64_t> shape);
/// Element `i` of `from` behind those of `result`.
void append(Content &result, const Content &from, int64_t i);
Content fromInts(llvm::ArrayRef<Dim> ints);
/// Element of a tensor that is one element long, or as long as the other.
inline size_t wrap(const Content &content, size_t i) { return content.size() == 1 ? 0 : i; }

// Evaluators that need all of their operands' elements, one function a family.
void addArithmeticEvaluators(EvaluatorTable &table);
void addLogicEvaluators(EvaluatorTable &table);
void addMovementEvaluators(EvaluatorTable &table);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_EVALUATE_H
