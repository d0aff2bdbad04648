// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NonZero and Compress: elements that a condition chooses. How many there are must be known at compile time.

#include "Movement.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

/// Elements that are counted together.
constexpr int64_t kBlock = 64;

using Condition = llvm::function_ref<Scalar(Body &, Scalar element)>;

/// For how many elements of each block of `count` elements in a row a condition holds.
static Value countBlocks(Node &node, Value input, int64_t count, Condition condition) {
  const int64_t blocks = std::max<int64_t>(1, llvm::divideCeil(count, kBlock));
  Type integer = node.importer.builder.getI64Type();
  return node.generate({Dim(blocks)}, integer, input, [&](Body &b) {
    Scalar first = b.mul(b.index(0), b.integer(kBlock)),
           size = b.min(b.sub(b.integer(count), first), b.integer(kBlock));
    return b
        .loop(size, b.integer(0),
              [&](Scalar i, ArrayRef<Scalar> sum) -> Scalars {
                Scalar holds = condition(b, b.read(0, b.add(first, i)));
                return {b.add(sum[0], b.cast(holds, integer))};
              })
        .front();
  });
}

/// The element number `rank` of those that a condition holds for: operand `n` of the program holds `count` elements in
/// a row, operand `blocks` the counts of its blocks.
static Scalar search(Body &b, unsigned n, unsigned blocks, int64_t count, Scalar rank, Condition condition) {
  Scalar zero = b.integer(0);
  // How many are left, and the block: the first whose count is more than that.
  Scalars block = b.loop(b.extent(blocks, 0), {rank, zero}, [&](Scalar i, ArrayRef<Scalar> at) -> Scalars {
    Scalar own = b.read(blocks, i), passes = b.and_(b.equal(at[1], i), b.lessOrEqual(own, at[0]));
    return {b.select(passes, b.sub(at[0], own), at[0]), b.select(passes, b.add(i, b.integer(1)), at[1])};
  });
  Scalar first = b.mul(block[1], b.integer(kBlock)), last = b.integer(count - 1);
  Scalars found = b.loop(b.integer(kBlock), {block[0], last}, [&](Scalar i, ArrayRef<Scalar> at) -> Scalars {
    Scalar place = b.add(first, i), holds = condition(b, b.read(n, place));
    Scalar isIt = b.and_(holds, b.equal(at[0], zero));
    return {b.sub(at[0], b.cast(holds, b.getI64Type())), b.select(isIt, place, at[1])};
  });
  return found[1];
}

/// The static number of elements of an operand.
static int64_t countElements(Node &node, unsigned i) {
  std::optional<Dim> count = checkedProduct(node.shape(i));
  if (!count || !count->isStatic())
    node.fail("input " + Twine(i) + " has shape " + node.importer.symbols.print(node.shape(i)) +
              ", which is not known at compile time");
  return count->getStatic();
}

/// The input as one row.
static Value flatten(Node &node, Value input, int64_t count) { return node.reshape(input, {Dim(count)}); }

static void importNonZero(Node &node) {
  Shape from = node.shape(0);
  const int64_t count = countElements(node, 0);
  Value input = flatten(node, node.plain(0), count);
  Shape result = node.resultShape(0, 0, "the number of elements that are not 0", 2);
  auto isTrue = [](Body &b, Scalar x) { return b.cast(x, b.getI1Type()); };
  Value counts = countBlocks(node, input, count, isTrue);
  node.set(0, node.generate(result, node.importer.builder.getI64Type(), {input, counts}, [&](Body &b) {
    Scalar rest = search(b, 0, 1, count, b.index(1), isTrue), index = b.integer(0);
    for (size_t d = from.size(); d-- > 0;) {
      Scalar extent = b.integer(from[d].getStaticOr(0));
      index = b.select(b.equal(b.index(0), b.integer(d)), b.mod(rest, extent), index);
      rest = b.div(rest, extent);
    }
    return index;
  }));
}

static void importCompress(Node &node) {
  Value input = node.plain(0), condition = node.plain(1);
  Shape from = node.shape(0);
  if (!node.hasAttribute("axis")) {
    input = flatten(node, input, countElements(node, 0));
    from = node.shapeOf(input);
  }
  const unsigned axis = node.hasAttribute("axis") ? node.axis(node.getInt("axis", 0), from.size()) : 0;
  const int64_t count = countElements(node, 1);
  Shape result = from;
  result[axis] = node.resultShape(0, 1, "the number of chosen elements", from.size())[axis];
  auto isTrue = [](Body &, Scalar x) { return x; };
  Value counts = countBlocks(node, condition, count, isTrue);
  node.set(0, node.generate(result, node.elementOf(input), {input, condition, counts}, [&](Body &b) {
    Scalars at;
    for (int64_t d = 0; d < b.rank(); ++d)
      at.push_back(d == axis ? search(b, 1, 2, count, b.index(d), isTrue) : b.index(d));
    return b.read(0, at);
  }));
}

void nibble::onnximport::addSelections(TranslatorTable &table) {
  table["NonZero"] = importNonZero;
  table["Compress"] = importCompress;
}
