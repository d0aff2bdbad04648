// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes whose results are constants of their own making.

#include "Movement.h"

#include "nibble/Support/ElementData.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// A constant whose elements are all `bytes`.
static ElementsAttr splat(RankedTensorType type, ArrayRef<char> bytes) {
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  if (type.getElementType().isInteger(1))
    return DenseElementsAttr::get(type, bytes.front() != 0);
  return DenseElementsAttr::getFromRawBuffer(type, bytes);
}

/// What small tensors of most types do not need: `evaluate` knows their contents.
static void importConstantOfShape(Node &node) {
  Importer &importer = node.importer;
  const Content *wanted = node.content(0);
  Shape shape = wanted ? Shape(wanted->ints.begin(), wanted->ints.end()) : node.resultShape(0, 0, "the shape");
  std::vector<char> bytes(sizeof(float), 0);
  Type element = importer.builder.getF32Type();
  if (const onnx::AttributeProto *value = node.attribute("value")) {
    element = importer.elementType(value->t().data_type());
    Bytes data = importer.bytes(value->t());
    bytes.assign(data.data.begin(), data.data.end());
    if (int64_t(bytes.size()) != *getElementBytes(element))
      node.fail("attribute 'value' has " + Twine(bytes.size() / *getElementBytes(element)) + " elements, expected 1");
  }
  // Of an unknown shape each element is that of a constant.
  const bool isStatic = staticExtents(shape).has_value();
  auto type = RankedTensorType::get(isStatic ? node.checkedExtents(shape) : SmallVector<int64_t>(), element);
  Value value = importer.constant(node.location(), type, splat(type, bytes));
  node.set(0, isStatic ? value : node.generate(shape, element, value, [](Body &b) { return b.read(0, Scalars()); }));
}

static void importEyeLike(Node &node) {
  Importer &importer = node.importer;
  std::optional<SmallVector<int64_t>> extents = staticExtents(node.shape(0));
  if (!extents || extents->size() != 2)
    node.fail("input 0 has shape " + importer.symbols.print(node.shape(0)) +
              ", expected two extents that are known at "
              "compile time");
  const int64_t rows = extents->front(), columns = extents->back(), offset = node.getInt("k", 0);
  Type element =
      node.hasAttribute("dtype") ? importer.elementType(node.getInt("dtype", 0)) : node.elementOf(node.get(0));
  const int64_t size = *getElementBytes(element);
  const uint64_t one = *getElementBits(element, 1);
  std::string bytes(rows * columns * size, '\0');
  for (int64_t row = std::max<int64_t>(0, -offset); row < rows && row + offset < columns; ++row)
    std::memcpy(bytes.data() + (row * columns + row + offset) * size, &one, size);
  auto type = RankedTensorType::get(*extents, element);
  node.set(0, importer.constant(node.location(), type,
                                importer.attribute(type, takeBytes(std::move(bytes)), node.proto.output(0))));
}

void nibble::onnximport::addFills(TranslatorTable &table) {
  table["ConstantOfShape"] = importConstantOfShape;
  table["EyeLike"] = importEyeLike;
}
