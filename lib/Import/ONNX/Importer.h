// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The translation of one model, and what the translation of one node works with.

#ifndef NIBBLE_LIB_IMPORT_ONNX_IMPORTER_H
#define NIBBLE_LIB_IMPORT_ONNX_IMPORTER_H

#include "Dim.h"
#include "Model.h"

#include "nibble/Dialect/Nibble/Nibble.h"
#include "nibble/Import/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace nibble::onnximport {

/// Whether models compute in floats of this type: of 16, 32 or 64 bits.
inline bool isWideFloat(int32_t type) {
  return type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::FLOAT16 ||
         type == onnx::TensorProto::BFLOAT16 || type == onnx::TensorProto::DOUBLE;
}

/// The elements of a small tensor, known at compile time up to the model's unknown extents.
struct Content {
  int32_t type = onnx::TensorProto::INT64;
  llvm::SmallVector<int64_t> shape;
  /// Elements of an integer or boolean tensor.
  llvm::SmallVector<Dim> ints;
  /// Elements of a float tensor.
  llvm::SmallVector<double> reals;

  bool isReal() const { return isWideFloat(type); }
  size_t size() const { return isReal() ? reals.size() : ints.size(); }
};

/// Constants of more elements are weights, which nothing computes with at import.
constexpr int64_t kContentLimit = 1024;

/// What is known of an ONNX value: a tensor, or what exists during import alone, a sequence or an empty optional.
struct Known {
  /// In the IR, with elements of ONNX's type; made on demand for constants and for what is computed in f32.
  mlir::Value value;
  /// In f32, where ONNX's type is another float: f16, bf16 or f64.
  mlir::Value real;
  /// ONNX's type of the elements, where `real` was computed and `value` perhaps not made.
  mlir::Type type;
  /// Initializer or value of a Constant node.
  const onnx::TensorProto *tensor = nullptr;
  std::shared_ptr<const Content> content;
  Shape shape;
  /// Elements of a sequence, which has none of the above.
  std::shared_ptr<const std::vector<Known>> sequence;
  /// An optional without a value. One with a value is that value.
  bool isEmpty = false;

  bool isTensor() const { return !sequence && !isEmpty; }
};

/// A tensor that is known at compile time.
Known makeKnown(std::shared_ptr<const Content> content);
/// An integer or truth value.
Known makeScalar(int32_t type, int64_t value);

/// The values of one graph. An inner graph sees those of the graphs round it.
struct Scope {
  llvm::StringMap<Known> values;
  llvm::StringMap<const onnx::TypeProto *> inferred;
};

/// The most nodes that unrolled loops may become.
constexpr int64_t kMostUnrolledNodes = 100000;
/// The most iterations of one loop that are unrolled.
constexpr int64_t kMostIterations = 4096;

class Body;
class Node;
struct Scalar;
using Translator = void (*)(Node &);

/// The nodes that have a form in the nibble dialect, by domain and operator: "Conv", "com.microsoft.QGemm".
using TranslatorTable = llvm::StringMap<Translator>;

class Importer {
public:
  Importer(mlir::MLIRContext *context, Model &model, const ONNXImportOptions &options);

  mlir::OwningOpRef<mlir::ModuleOp> run();

  /// Of the innermost graph that has the name.
  Known &lookup(llvm::StringRef name);
  /// In the innermost graph.
  Known &define(llvm::StringRef name) { return scopes.back()->values[name]; }
  mlir::Value materialize(llvm::StringRef name) { return materialize(lookup(name), name); }
  /// `known`, a tensor, in the IR. `name` is for diagnostics.
  mlir::Value materialize(Known &known, llvm::StringRef name);
  /// A copy, for other names and other graphs. Large constants are in the IR before: each copy would make one of its
  /// own.
  Known share(llvm::StringRef name);
  /// Translates the nodes of a subgraph where the builder stands, and returns its outputs.
  std::vector<Known> translateGraph(const onnx::GraphProto &graph, llvm::ArrayRef<Known> inputs);
  /// The same for iteration `index` of `node`, a loop; fails where that is one too many.
  std::vector<Known> translateIteration(Node &node, const onnx::GraphProto &body, llvm::ArrayRef<Known> inputs,
                                        int64_t index);
  /// A name for `value` of the file that no other value has: one of an unrolled loop is computed more than once.
  std::string uniqueName(llvm::StringRef value);
  /// An initializer, the result of a Constant node, or what was computed of these at import.
  bool isConstant(llvm::StringRef name) const;
  mlir::Type elementType(int32_t onnxType);
  /// Bytes of an initializer's values, whichever field holds them: whole ones for each.
  Bytes bytes(const onnx::TensorProto &tensor);
  /// `data` as an attribute; a resource that keeps the bytes where they are, if they are many.
  mlir::ElementsAttr attribute(mlir::RankedTensorType type, const Bytes &data, llvm::StringRef name);
  /// Content of a constant; null if it has more than `limit` elements, or is of a type that contents do not have.
  std::shared_ptr<const Content> readContent(const onnx::TensorProto &tensor, int64_t limit = kContentLimit);
  /// Content of `known`, if it is small and known at compile time.
  const Content *contentOf(Known &known);
  mlir::Value constant(mlir::Location loc, mlir::Type type, mlir::ElementsAttr value);
  /// A value of floats of another type, at the place where `value` is made.
  mlir::Value convert(mlir::Value value, mlir::Type element);
  /// Says of the first node with operands of type double that it computes in f32.
  void remarkDouble(Node &node);
  /// ONNX's type of a value's elements where that is a float that is computed in f32; else null.
  mlir::Type wideType(llvm::StringRef name);
  /// By value: the table moves as it grows.
  Shape shapeOf(mlir::Value value);
  /// Extents that ONNX's own inference knows of a value.
  const onnx::TypeProto *inferredType(llvm::StringRef name) const { return scopes.back()->inferred.lookup(name); }

  Model &model;
  const ONNXImportOptions &options;
  mlir::OpBuilder builder;
  Symbols symbols;
  /// Values that are true where two extents are equal, which the inputs' shapes decide.
  llvm::StringMap<std::pair<Dim, Dim>> openEqualities;
  /// Extents that were taken to be equal.
  llvm::SmallVector<std::pair<Dim, Dim>> requirements;
  llvm::DenseMap<mlir::Value, Shape> shapes;

private:
  void openScope(const onnx::GraphProto &graph);
  mlir::func::FuncOp createMain();
  mlir::Type inputType(const onnx::ValueInfoProto &input, Shape &shape);
  void translate(const onnx::NodeProto &proto);
  void createReturn(mlir::func::FuncOp main);
  void checkOutput(llvm::StringRef name, const onnx::TypeProto &declared, const Shape &computed, mlir::Location loc);
  void eraseUnusedConstants(mlir::func::FuncOp main);
  void setRequirements(mlir::func::FuncOp main);

  /// Innermost last.
  std::vector<std::unique_ptr<Scope>> scopes;
  llvm::StringMap<unsigned> names;
  int64_t unrolledNodes = 0, openLoops = 0;
  bool hasDoubles = false;
};

/// One node under translation: its attributes, operands and results. Failures are thrown.
class Node {
public:
  Node(Importer &importer, const onnx::NodeProto &proto);

  [[noreturn]] void fail(const llvm::Twine &message, const llvm::Twine &note = "") const;

  // Attributes.
  const onnx::AttributeProto *attribute(llvm::StringRef name) const;
  /// The subgraph `name`, which must have so many inputs and outputs.
  const onnx::GraphProto &graph(llvm::StringRef name, int inputs, int outputs) const;
  bool hasAttribute(llvm::StringRef name) const { return attribute(name); }
  int64_t getInt(llvm::StringRef name, int64_t otherwise) const;
  float getFloat(llvm::StringRef name, float otherwise) const;
  std::string getString(llvm::StringRef name, llvm::StringRef otherwise) const;
  llvm::SmallVector<int64_t> getInts(llvm::StringRef name, llvm::ArrayRef<int64_t> otherwise = {}) const;
  llvm::SmallVector<float> getFloats(llvm::StringRef name) const;
  llvm::SmallVector<std::string> getStrings(llvm::StringRef name) const;

  // Operands.
  unsigned size() const { return proto.input_size(); }
  bool has(unsigned i) const { return i < size() && !proto.input(i).empty(); }
  bool wants(unsigned i) const { return int(i) < proto.output_size() && !proto.output(i).empty(); }
  /// Operand `i`, whatever it is.
  Known &item(unsigned i) const;
  /// A copy of operand `i`.
  Known share(unsigned i) const;
  /// Operand `i`, which must be a tensor.
  Known &known(unsigned i) const;
  /// An operand with elements of ONNX's type, or of f32 if it was computed in f32 and ONNX's type is another float.
  mlir::Value get(unsigned i);
  /// All operands, which have one type in ONNX, with elements of one type.
  llvm::SmallVector<mlir::Value> alike();
  /// An operand of quantized values or of floats, which are f32 here whatever ONNX's type is.
  mlir::Value real(unsigned i);
  /// An operand of plain values with elements of ONNX's type; quantized ones become f32.
  mlir::Value plain(unsigned i);
  /// Whether operand `i` is quantized, or of floats of up to 32 bits: what has operations of its own.
  bool isReal(unsigned i) const;
  /// An operand in f32, of floats or dequantized.
  mlir::Value single(unsigned i);
  /// An operand for scalar programs: in f32 what `isReal`, else with elements of its type.
  mlir::Value numeric(unsigned i);
  Shape shape(unsigned i) const { return known(i).shape; }
  int64_t rank(unsigned i) const { return known(i).shape.size(); }
  /// ONNX's type of an operand's elements; a quantized one if that is how it is held.
  mlir::Type typeOf(unsigned i) const;
  /// Whether operand `i` is computed from no input of the model.
  bool isKnown(unsigned i) const;
  /// Null if not known at compile time.
  const Content *content(unsigned i) const;
  /// The integers of operand `i`, which must be known at compile time.
  llvm::SmallVector<int64_t> ints(unsigned i, llvm::StringRef what) const;
  /// The only float of operand `i`, which must be known at compile time.
  double scalar(unsigned i, llvm::StringRef what) const;
  /// The shape of result `i`, where all extents are told by ONNX's inference or, of the model's outputs, by the file.
  std::optional<Shape> declaredShape(unsigned i) const;
  /// The same; fails if it is not told, as operand `operand`, `what`, decides of it, or has not `rank` extents.
  Shape resultShape(unsigned output, unsigned operand, llvm::StringRef what, int64_t rank = -1) const;
  /// `axis` counted from the front.
  int64_t axis(int64_t axis, int64_t rank) const;

  // Building. Values are those of intermediate steps until `set` names them.
  Shape shapeOf(mlir::Value value) const { return importer.shapeOf(value); }
  static mlir::Type elementOf(mlir::Value value) {
    return llvm::cast<mlir::RankedTensorType>(value.getType()).getElementType();
  }
  template <typename Op, typename... Args>
  mlir::Value emit(const Shape &shape, mlir::Type element, Args &&...args) {
    auto type = mlir::RankedTensorType::get(checkedExtents(shape), element);
    return record(Op::create(importer.builder, location(), type, std::forward<Args>(args)...), shape);
  }
  template <typename Op, typename... Args>
  mlir::Value unary(mlir::Value input, Args &&...args) {
    return emit<Op>(shapeOf(input), elementOf(input), input, std::forward<Args>(args)...);
  }
  template <typename Op>
  mlir::Value binary(mlir::Value lhs, mlir::Value rhs) {
    return emit<Op>(broadcast(shapeOf(lhs), shapeOf(rhs)), elementOf(lhs), lhs, rhs);
  }
  Shape broadcast(const Shape &lhs, const Shape &rhs) const;
  mlir::Value reshape(mlir::Value input, const Shape &shape);
  mlir::Value transpose(mlir::Value input, llvm::ArrayRef<int64_t> permutation);
  mlir::Value slice(mlir::Value input, llvm::ArrayRef<int64_t> starts, llvm::ArrayRef<int64_t> steps,
                    const Shape &shape);
  /// The same of starts that the dimensions of the model's inputs decide of.
  mlir::Value sliceFrom(mlir::Value input, const Shape &starts, llvm::ArrayRef<int64_t> steps, const Shape &shape);
  /// `count` elements from `start` on along one axis.
  mlir::Value sliceAlong(mlir::Value input, int64_t axis, int64_t start, int64_t count);
  mlir::Value concat(llvm::ArrayRef<mlir::Value> inputs, int64_t axis);
  /// Product of two matrices, or stacks of them. The bias may be null.
  mlir::Value matmul(mlir::Value lhs, mlir::Value rhs, mlir::Value bias);
  mlir::Value softsign(mlir::Value input);
  /// x where x > alpha, else 0.
  mlir::Value thresholdedRelu(mlir::Value input, float alpha);
  Known makeKnown(mlir::Value value) const;
  /// Tensors behind one another along `axis`; or along a new one, before dimension `axis` of theirs.
  Known join(llvm::MutableArrayRef<Known> parts, int64_t axis, bool isNew);
  /// The `count` elements from `start` on along `axis` of a tensor.
  Known part(Known &whole, int64_t axis, int64_t start, int64_t count);
  /// The same with a dimension of extent 1 less.
  Known dropAxis(Known known, int64_t axis);
  /// A float scalar, or a tensor of floats.
  mlir::Value floats(llvm::ArrayRef<float> values, llvm::ArrayRef<int64_t> shape = {});
  /// A tensor whose elements `body` computes, each by itself (Generate.h).
  mlir::Value generate(const Shape &result, mlir::Type element, mlir::ValueRange operands,
                       llvm::function_ref<Scalar(Body &)> body);
  /// The same of operands that broadcast: `body` gets an element of each.
  mlir::Value elementwise(mlir::Type element, mlir::ValueRange operands,
                          llvm::function_ref<Scalar(Body &, llvm::ArrayRef<Scalar>)> body);
  mlir::Location location() const;
  /// The location of result `i`, which is named.
  mlir::Location location(unsigned i) const;
  /// Says that `value` holds result `i`'s elements.
  void name(mlir::Value value, unsigned i);
  /// Names `value`, a step on the way to the results, after the first of them.
  void nameStep(mlir::Value value, const llvm::Twine &suffix);
  void set(unsigned i, mlir::Value value);
  void set(unsigned i, Content content);
  /// Result `i` is `known`.
  void alias(unsigned i, Known known);
  /// Fails for extents that are negative or beyond `kLargestExtent`.
  llvm::SmallVector<int64_t> checkedExtents(const Shape &shape) const;

  Importer &importer;
  const onnx::NodeProto &proto;

private:
  /// The result's extents by the dimensions of the model's inputs, null if they are all known; fails if these do not
  /// tell them.
  ExtentsAttr extentsOf(const Shape &result) const;
  mlir::Value record(mlir::Operation *op, const Shape &shape);

  llvm::SmallPtrSet<mlir::Operation *, 8> created;
  /// Of results, as locations have them.
  mutable llvm::SmallDenseMap<unsigned, std::string> names;
};

/// A function of one variable.
template <typename Op>
void importUnary(Node &node) {
  node.set(0, node.unary<Op>(node.real(0)));
}

/// Whether a value is computed from no input of the model: a weight, perhaps moved or dequantized.
bool isConstant(mlir::Value value);

/// The node as an operation of the onnx dialect.
void keepNode(Node &node);

/// Computes the node's result at compile time, if all of its operands are small constants or shapes.
bool evaluate(Node &node);
/// Whether nodes of this operator of ONNX's own domain can be computed at compile time.
bool hasEvaluator(llvm::StringRef op);

/// Whether the importer knows an operator, by its name in the TranslatorTable.
bool hasForm(llvm::StringRef name);

/// `value` with elements of another type, as Body::cast converts one.
mlir::Value castElements(Importer &importer, mlir::Value value, mlir::Type element);

/// The floats that the bytes of a tensor of `element` hold.
llvm::SmallVector<double> toReals(mlir::Type element, llvm::ArrayRef<char> data);

/// Type of a graph input of bytes, from the nodes that dequantize it; null if it is not quantized.
mlir::Type quantizedInputType(Importer &importer, llvm::StringRef name, int32_t onnxType);

// One function a family.
void addConvolutions(TranslatorTable &table);
void addPools(TranslatorTable &table);
void addMatrixProducts(TranslatorTable &table);
void addElementwise(TranslatorTable &table);
void addPowers(TranslatorTable &table);
void addRemainders(TranslatorTable &table);
void addBits(TranslatorTable &table);
void addClips(TranslatorTable &table);
void addDropouts(TranslatorTable &table);
void addExtremes(TranslatorTable &table);
void addCumulatives(TranslatorTable &table);
void addDeterminants(TranslatorTable &table);
void addEinsums(TranslatorTable &table);
void addTraining(TranslatorTable &table);
void addActivations(TranslatorTable &table);
void addNormalizations(TranslatorTable &table);
void addAttention(TranslatorTable &table);
void addRotaryEmbedding(TranslatorTable &table);
void addReductions(TranslatorTable &table);
void addReshapes(TranslatorTable &table);
void addConversions(TranslatorTable &table);
void addFills(TranslatorTable &table);
void addDataMovement(TranslatorTable &table);
void addResizes(TranslatorTable &table);
void addRepeats(TranslatorTable &table);
void addLogic(TranslatorTable &table);
void addQuantization(TranslatorTable &table);
void addQuantizedOperators(TranslatorTable &table);
void addIntegerOperators(TranslatorTable &table);
void addBranches(TranslatorTable &table);
void addLoops(TranslatorTable &table);
void addScans(TranslatorTable &table);
void addSequences(TranslatorTable &table);
void addRecurrences(TranslatorTable &table);
void addGlobalPools(TranslatorTable &table);
void addUnpools(TranslatorTable &table);
void addCol2Im(TranslatorTable &table);
void addDeformConvolutions(TranslatorTable &table);
void addCausalConvolutions(TranslatorTable &table);
void addFourierTransforms(TranslatorTable &table);
void addSignalWindows(TranslatorTable &table);
void addLinearAttention(TranslatorTable &table);
void addNgrams(TranslatorTable &table);
void addMachineLearning(TranslatorTable &table);
void addTrees(TranslatorTable &table);
void addRefusals(TranslatorTable &table);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_IMPORTER_H
