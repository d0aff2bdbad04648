// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators of ai.onnx.ml on numbers: ArrayFeatureExtractor, Binarizer, LabelEncoder.

#include "Generate.h"

#include "nibble/Support/ElementData.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Elements of the last dimension by index; the result has a row even where the input has none.
static void importArrayFeatureExtractor(Node &node) {
  Value input = node.plain(0), indices = node.plain(1);
  Shape from = node.shapeOf(input);
  std::optional<Dim> count = checkedProduct(node.shapeOf(indices));
  if (from.empty() || !count)
    node.fail("input 0 has rank " + Twine(from.size()) + ", expected at least 1");
  Value flat = node.reshape(indices, {*count});
  Shape shape = from;
  shape.back() = *count;
  if (shape.size() == 1)
    shape.insert(shape.begin(), Dim(1));
  node.set(0, node.generate(shape, node.elementOf(input), {input, flat}, [&](Body &b) {
    Scalars at;
    for (unsigned d = shape.size() - from.size(); d + 1 < shape.size(); ++d)
      at.push_back(b.index(d));
    at.resize(from.size() - 1);
    at.push_back(b.read(1, {b.index(shape.size() - 1)}));
    return b.read(0, at);
  }));
}

static void importBinarizer(Node &node) {
  Value input = node.plain(0);
  const float threshold = node.getFloat("threshold", 0);
  node.set(0, node.elementwise(node.elementOf(input), input, [&](Body &b, ArrayRef<Scalar> x) {
    Type real = b.getF64Type(); // holds integers of 32 bits and floats as they are
    return b.cast(b.greater(b.cast(x[0], real), b.constant(real, threshold)), x[0].type);
  }));
}

/// The list that one of the attributes `stem`_int64s, `stem`_floats and `stem`_tensor has, as a constant.
static Value readList(Node &node, const std::string &stem) {
  Builder &builder = node.importer.builder;
  if (node.hasAttribute(stem + "_int64s")) {
    SmallVector<int64_t> values = node.getInts(stem + "_int64s");
    auto type = RankedTensorType::get({int64_t(values.size())}, builder.getI64Type());
    return node.importer.constant(node.location(), type, DenseElementsAttr::get(type, ArrayRef<int64_t>(values)));
  }
  if (const onnx::AttributeProto *found = node.attribute(stem + "_floats")) {
    SmallVector<float> values(found->floats().begin(), found->floats().end());
    return node.floats(values, {int64_t(values.size())});
  }
  const onnx::AttributeProto *found = node.attribute(stem + "_tensor");
  if (!found || found->t().data_type() == onnx::TensorProto::STRING)
    node.fail("works on strings, which a compiled model does not have", "do it before the model is run");
  const onnx::TensorProto &tensor = found->t();
  const Bytes data = node.importer.bytes(tensor);
  Type element = node.importer.elementType(tensor.data_type());
  const int64_t count = int64_t(data.data.size()) / *getElementBytes(element);
  auto type = RankedTensorType::get({count}, element);
  return node.importer.constant(node.location(), type, node.importer.attribute(type, data, stem));
}

/// What keys that are not listed become.
static Value readDefault(Node &node, Value values) {
  if (const onnx::AttributeProto *found = node.attribute("default_tensor"))
    if (found->t().data_type() != onnx::TensorProto::STRING) {
      auto type = RankedTensorType::get({1}, node.importer.elementType(found->t().data_type()));
      if (type.getElementType() == node.elementOf(values))
        return node.importer.constant(node.location(), type,
                                      node.importer.attribute(type, node.importer.bytes(found->t()), "default"));
    }
  if (node.elementOf(values).isF32())
    return node.floats({node.getFloat("default_float", -0.0f)}, {1});
  Type wide = node.importer.builder.getI64Type();
  auto type = RankedTensorType::get({1}, wide);
  return node.importer.constant(node.location(), type,
                                DenseElementsAttr::get(type, ArrayRef<int64_t>{node.getInt("default_int64", -1)}));
}

/// Sought from the end, so that the first of equal keys counts; a NaN is found by a NaN.
static void importLabelEncoder(Node &node) {
  Value input = node.plain(0), keys = readList(node, "keys"), values = readList(node, "values");
  if (node.elementOf(keys) != node.elementOf(input))
    node.fail("keys and input 0 have unlike types");
  if (node.shapeOf(keys) != node.shapeOf(values))
    node.fail("has " + node.importer.symbols.print(node.shapeOf(keys)) + " keys and " +
              node.importer.symbols.print(node.shapeOf(values)) + " values");
  Shape shape = node.shapeOf(input);
  Type element = node.elementOf(values);
  node.set(0, node.generate(shape, element, {input, keys, values, readDefault(node, values)}, [&](Body &b) {
    Scalars at;
    for (unsigned d = 0; d < shape.size(); ++d)
      at.push_back(b.index(d));
    Scalar x = b.read(0, at), count = b.extent(1, 0);
    Scalars other = {b.cast(b.read(3, {b.integer(0)}), element)};
    return b.loop(count, other, [&](Scalar i, ArrayRef<Scalar> found) -> Scalars {
      Scalar place = b.sub(b.sub(count, b.integer(1)), i), key = b.read(1, {place});
      Scalar isSame = b.equal(x, key);
      if (x.isFloat())
        isSame = b.or_(isSame, b.and_(b.isNaN(x), b.isNaN(key)));
      return {b.select(isSame, b.read(2, {place}), found[0])};
    })[0];
  }));
}

void nibble::onnximport::addMachineLearning(TranslatorTable &table) {
  table["ai.onnx.ml.ArrayFeatureExtractor"] = importArrayFeatureExtractor;
  table["ai.onnx.ml.Binarizer"] = importBinarizer;
  table["ai.onnx.ml.LabelEncoder"] = importLabelEncoder;
}
