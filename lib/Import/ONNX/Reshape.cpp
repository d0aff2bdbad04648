// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes that change a tensor's shape alone, or nothing.

#include "Movement.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// The extents that a Reshape asks for: 0 copies the input's, -1 takes what is left.
static Shape resolve(Node &node, const Shape &from, ArrayRef<Dim> wanted) {
  Symbols &symbols = node.importer.symbols;
  bool allowZero = node.getInt("allowzero", 0);
  Shape result(wanted.begin(), wanted.end());
  std::optional<size_t> inferred;
  std::optional<Dim> known = Dim(1);
  for (auto [i, dim] : llvm::enumerate(result)) {
    if (dim == 0 && !allowZero) {
      if (i >= from.size())
        node.fail("the shape copies extent " + Twine(i) + " of a tensor of rank " + Twine(from.size()));
      dim = from[i];
    }
    if (dim == -1 && inferred)
      node.fail("the shape has more than one -1");
    if (dim == -1)
      inferred = i;
    else
      known = known ? multiply(*known, dim) : std::nullopt;
  }
  if (!inferred)
    return result;
  std::optional<Dim> total = checkedProduct(from);
  std::optional<Dim> rest = total && known ? divideExactly(*total, *known) : std::nullopt;
  if (!rest && total && known && total->isStatic() && known->isStatic())
    node.fail("cannot reshape " + symbols.print(from) + " to " + symbols.print(result));
  if (!rest && total && known && *known != 0 && isAtLeast(*known, 0)) // a division without rest, or there is no result
    rest = floorDiv(*total, *known);
  result[*inferred] = rest ? *rest : symbols.fresh();
  return result;
}

static void importReshape(Node &node) {
  Value input = node.get(0);
  const Content *wanted = node.content(1);
  if (!wanted)
    return node.set(0, node.reshape(input, node.resultShape(0, 1, "the shape")));
  node.set(0, node.reshape(input, resolve(node, node.shapeOf(input), wanted->ints)));
}

static void importFlatten(Node &node) {
  Value input = node.get(0);
  Shape from = node.shapeOf(input);
  int64_t axis = node.getInt("axis", 1), rank = from.size();
  axis = axis == rank ? rank : node.axis(axis, rank);
  std::optional<Dim> outer = checkedProduct(ArrayRef<Dim>(from).take_front(axis)),
                     inner = checkedProduct(ArrayRef<Dim>(from).drop_front(axis));
  if (!outer || !inner)
    node.fail("the shape " + node.importer.symbols.print(from) + " is too large");
  node.set(0, node.reshape(input, {*outer, *inner}));
}

static void importSqueeze(Node &node) {
  Value input = node.get(0);
  if (node.has(1) && !node.content(1))
    return node.set(0, node.reshape(input, node.resultShape(0, 1, "axes")));
  Shape from = node.shapeOf(input), shape;
  SmallVector<int64_t> axes = node.has(1) ? node.ints(1, "axes") : SmallVector<int64_t>();
  for (int64_t &axis : axes)
    axis = node.axis(axis, from.size());
  for (auto [i, dim] : llvm::enumerate(from))
    if (node.has(1) ? !llvm::is_contained(axes, int64_t(i)) : dim != 1)
      shape.push_back(dim);
    else if (dim.isStatic() && dim != 1)
      node.fail("cannot squeeze axis " + Twine(i) + " of extent " + Twine(dim.getStatic()));
  node.set(0, node.reshape(input, shape));
}

static void importUnsqueeze(Node &node) {
  Value input = node.get(0);
  if (!node.content(1))
    return node.set(0, node.reshape(input, node.resultShape(0, 1, "axes")));
  Shape shape = node.shapeOf(input);
  SmallVector<int64_t> axes = node.ints(1, "axes");
  int64_t rank = shape.size() + axes.size();
  for (int64_t &axis : axes)
    axis = node.axis(axis, rank);
  llvm::sort(axes);
  for (int64_t axis : axes) {
    if (axis > int64_t(shape.size()))
      node.fail("the axes contain doubles");
    shape.insert(shape.begin() + axis, Dim(1));
  }
  node.set(0, node.reshape(input, shape));
}

static void importIdentity(Node &node) {
  if (node.item(0).isTensor())
    return node.set(0, node.get(0));
  node.alias(0, node.share(0));
}

void nibble::onnximport::addReshapes(TranslatorTable &table) {
  table["Reshape"] = importReshape;
  table["Flatten"] = importFlatten;
  table["Squeeze"] = importSqueeze;
  table["Unsqueeze"] = importUnsqueeze;
  table["Identity"] = importIdentity;
}
