// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The translation of one module to an ONNX graph.

#ifndef NIBBLE_LIB_EXPORT_ONNX_EXPORTER_H
#define NIBBLE_LIB_EXPORT_ONNX_EXPORTER_H

#include "nibble/Dialect/Nibble/Nibble.h"

#include "onnx/onnx_pb.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"

#include <stdexcept>
#include <string>

namespace nibble::onnxexport {

/// Why a module cannot be exported. Thrown and caught inside this folder only.
struct ExportError : std::runtime_error {
  ExportError(mlir::Location loc, const llvm::Twine &message) : std::runtime_error(message.str()), loc(loc) {}
  mlir::Location loc;
};

/// Order of dimensions of an ONNX tensor that stands for a value: the value's own, or, for an NHWC image, NCHW.
enum class Form { Plain, Image };

/// ONNX tensors that hold one value. Quantized values are tensors of integers.
struct Names {
  std::string plain, image;
};

class Exporter {
public:
  explicit Exporter(onnx::ModelProto &model) : model(model), graph(*model.mutable_graph()) {}

  void run(mlir::ModuleOp module);

  // Operands.
  /// The tensor that holds `value` as it is stored: integers if it is quantized.
  std::string stored(mlir::Value value, Form form = Form::Plain);
  /// The tensor that holds `value`'s real numbers. If they are dequantized for it, its name is `output`, if given.
  std::string real(mlir::Value value, Form form = Form::Plain, const std::string &output = "");
  /// Whether `value` is an image of four dimensions that is at hand in NCHW order.
  bool isImage(mlir::Value value) const;
  /// Whether `value` is stored in 16 bits, which ONNX's MaxPool and Pad do not take: real numbers stand for it there.
  static bool isWide(mlir::Value value);

  // Results.
  /// Says that tensor `name` holds the result of `op` as it is stored.
  void set(mlir::Operation *op, const std::string &name, Form form = Form::Plain);
  /// The same for real numbers, which are quantized if the result is.
  void setReal(mlir::Operation *op, const std::string &name, Form form = Form::Plain);
  /// Name for the real numbers of the result of `op`.
  std::string realName(mlir::Operation *op, Form form = Form::Plain);
  /// Name for the result of `op` as it is stored.
  std::string storedName(mlir::Operation *op, Form form = Form::Plain);

  // Nodes.
  onnx::NodeProto &node(mlir::Operation *op, llvm::StringRef type, llvm::ArrayRef<std::string> inputs,
                        const std::string &output);
  std::string transpose(const std::string &input, llvm::ArrayRef<int64_t> permutation, const std::string &output);
  static void setInt(onnx::NodeProto &node, llvm::StringRef name, int64_t value);
  static void setFloat(onnx::NodeProto &node, llvm::StringRef name, float value);
  static void setInts(onnx::NodeProto &node, llvm::StringRef name, llvm::ArrayRef<int64_t> values);

  // Constants.
  std::string ints(const llvm::Twine &name, llvm::ArrayRef<int64_t> values);
  std::string scalar(const llvm::Twine &name, float value);
  /// A scalar of a quantized type's storage.
  std::string storageScalar(const llvm::Twine &name, mlir::quant::QuantizedType type, int64_t value);
  /// Real numbers of a weight whose dimensions are permuted and then given shape `extents`: at once if it is constant.
  /// Scales lie along `axis` then.
  std::string weight(mlir::Value value, llvm::ArrayRef<int64_t> permutation, int64_t axis,
                     llvm::ArrayRef<int64_t> extents = {});
  /// A name that no other tensor has; `nodeName` one that no other node has.
  std::string unique(const llvm::Twine &name) { return unique(name, taken); }
  std::string nodeName(const llvm::Twine &name) { return unique(name, takenNodes); }

  onnx::ModelProto &model;
  onnx::GraphProto &graph;

  /// A value of `main` that another one equals, tensor for tensor.
  void alias(mlir::Value value, mlir::Value other) { names[value] = Names(names[other]); }

private:
  void addInputs(mlir::func::FuncOp main);
  void reserveOutputs(mlir::func::FuncOp main);
  void addOutputs(mlir::func::FuncOp main);
  void addConstant(ConstantOp op);
  void warnOfLosses(mlir::func::FuncOp main);
  void translate(mlir::Operation *op);
  std::string initializer(const llvm::Twine &name, int32_t type, llvm::ArrayRef<int64_t> shape, std::string &&bytes);
  std::string clip(const std::string &input, mlir::quant::UniformQuantizedType type);
  std::string dequantize(const std::string &input, mlir::Type element, const std::string &output, int64_t axis);
  llvm::SmallVector<std::string> parameters(const llvm::Twine &name, mlir::quant::QuantizedType type);
  std::string baseName(mlir::Operation *op) const;
  static std::string unique(const llvm::Twine &name, llvm::StringSet<> &taken);

  llvm::DenseMap<mlir::Value, Names> names;
  /// Values that `main` returns, by the names of the outputs.
  llvm::DenseMap<mlir::Value, std::string> outputs;
  llvm::StringSet<> taken, takenNodes;
  llvm::DenseMap<mlir::Type, llvm::SmallVector<std::string>> sharedParameters;
};

using Translator = void (*)(Exporter &, mlir::Operation *);
using TranslatorTable = llvm::StringMap<Translator>;

// One function a family; keys are operation names.
void addCompute(TranslatorTable &table);
void addNorms(TranslatorTable &table);
void addElementwise(TranslatorTable &table);
void addDataMovement(TranslatorTable &table);
void addQuantization(TranslatorTable &table);

/// Dimension of an NCHW image that dimension `axis` of an NHWC image becomes.
int64_t imageAxis(int64_t axis);

/// An array with one entry a dimension of an NHWC image, in the order of NCHW.
llvm::SmallVector<int64_t> imageOrder(llvm::ArrayRef<int64_t> values);

inline mlir::RankedTensorType typeOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()); }

/// ONNX's type of the elements of a tensor as it is stored.
int32_t storedType(mlir::Location loc, mlir::Type element);

} // namespace nibble::onnxexport

#endif // NIBBLE_LIB_EXPORT_ONNX_EXPORTER_H
