// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TfIdfVectorizer of integers: how often each n-gram of a pool occurs.

#include "Generate.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::onnximport;

namespace {
/// The attributes, with a table of the pool for each column of the result.
struct Pool {
  int64_t least, most, skips;
  std::string mode;
  SmallVector<int64_t> items;
  /// Of a column: where its n-gram begins among the items, and n; 0 for one that is not counted.
  std::vector<int64_t> first, length;
  /// Of a column, in place of ONNX's of an n-gram; empty without weights.
  std::vector<float> weights;

  int64_t columns() const { return first.size(); }
};
} // namespace

static SmallVector<float> readFloats(Node &node, StringRef name) {
  SmallVector<float> values;
  if (const onnx::AttributeProto *found = node.attribute(name))
    values.append(found->floats().begin(), found->floats().end());
  return values;
}

/// Sets the tables: `counts[n - 1]` is where the n-grams begin among the items, `indexes` has each one's column.
static void readColumns(Node &node, Pool &pool, ArrayRef<int64_t> counts, ArrayRef<int64_t> indexes) {
  const SmallVector<float> weights = readFloats(node, "weights");
  if (!weights.empty() && weights.size() != indexes.size())
    node.fail("attribute 'weights' has " + Twine(weights.size()) + " entries, expected " + Twine(indexes.size()));
  pool.weights.assign(weights.empty() ? 0 : pool.first.size(), 0);
  std::set<std::vector<int64_t>> seen;
  size_t gram = 0;
  for (size_t size = 1; size <= counts.size(); ++size) {
    const int64_t begin = counts[size - 1], end = size < counts.size() ? counts[size] : int64_t(pool.items.size());
    if (begin < 0 || end < begin || end > int64_t(pool.items.size()) || (end - begin) % int64_t(size))
      node.fail("attribute 'ngram_counts' does not fit the pool");
    for (int64_t at = begin; at < end; at += int64_t(size), ++gram) {
      if (gram >= indexes.size())
        node.fail("attribute 'ngram_indexes' has " + Twine(indexes.size()) + " entries, expected one for each n-gram");
      std::vector<int64_t> items(pool.items.begin() + at, pool.items.begin() + at + int64_t(size));
      if (!seen.insert(items).second || pool.length[indexes[gram]] != 0)
        node.fail("attributes 'pool_int64s' and 'ngram_indexes' have n-gram " + Twine(gram) + " twice");
      const bool isCounted = int64_t(size) >= pool.least && int64_t(size) <= pool.most;
      if (!weights.empty())
        pool.weights[indexes[gram]] = weights[gram];
      pool.first[indexes[gram]] = at;
      pool.length[indexes[gram]] = isCounted ? int64_t(size) : 0;
    }
  }
}

static Pool readPool(Node &node) {
  Pool pool;
  if (node.hasAttribute("pool_strings") && !node.hasAttribute("pool_int64s"))
    node.fail("works on strings, which a compiled model does not have", "do it before the model is run");
  pool.least = node.getInt("min_gram_length", 1);
  pool.most = node.getInt("max_gram_length", 1);
  pool.skips = node.getInt("max_skip_count", 0);
  pool.mode = node.getString("mode", "TF");
  pool.items = node.getInts("pool_int64s");
  SmallVector<int64_t> indexes = node.getInts("ngram_indexes");
  constexpr int64_t mostColumns = 1 << 24;
  if (indexes.empty() || llvm::any_of(indexes, [](int64_t i) { return i < 0 || i >= mostColumns; }))
    node.fail("attribute 'ngram_indexes' does not fit the pool");
  pool.first.assign(size_t(*llvm::max_element(indexes)) + 1, 0);
  pool.length = pool.first;
  readColumns(node, pool, node.getInts("ngram_counts"), indexes);
  if (pool.least < 1 || pool.most < pool.least || pool.skips < 0)
    node.fail("attributes 'min_gram_length', 'max_gram_length' and 'max_skip_count' are " + Twine(pool.least) + ", " +
              Twine(pool.most) + " and " + Twine(pool.skips));
  return pool;
}

static Value table(Node &node, ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({int64_t(values.size())}, node.importer.builder.getI64Type());
  return node.importer.constant(node.location(), type, DenseElementsAttr::get(type, values));
}

/// How often the column's n-gram occurs, with each distance of its items from 1 to skips + 1; one item has no distance.
static Scalar countGram(Body &b, const Pool &pool, ArrayRef<Scalar> row, Scalar column, Scalar extent) {
  Scalar first = b.read(2, {column}), length = b.read(3, {column}), one = b.integer(1), zero = b.integer(0);
  Scalar isSingle = b.equal(length, one);
  Scalar distances = b.select(isSingle, one, b.integer(pool.skips + 1));
  distances = b.select(b.equal(length, zero), zero, distances);
  return b.loop(distances, {zero}, [&](Scalar skip, ArrayRef<Scalar> sum) {
    Scalar distance = b.add(skip, one), reach = b.mul(b.sub(length, one), distance);
    return b.loop(b.sub(extent, reach), sum, [&](Scalar start, ArrayRef<Scalar> sum) -> Scalars {
      Scalar same = b.loop(length, {b.boolean(true)}, [&](Scalar i, ArrayRef<Scalar> same) -> Scalars {
        Scalars at(row);
        at.push_back(b.add(start, b.mul(i, distance)));
        Scalar item = b.cast(b.read(0, at), b.getI64Type());
        return {b.and_(same[0], b.equal(item, b.read(1, {b.add(first, i)})))};
      })[0];
      return {b.select(same, b.add(sum[0], one), sum[0])};
    });
  })[0];
}

static void importTfIdfVectorizer(Node &node) {
  const Pool pool = readPool(node);
  Value input = node.plain(0);
  Shape shape = node.shapeOf(input);
  if (shape.size() > 2 || shape.empty())
    node.fail("input 0 has rank " + Twine(shape.size()) + ", expected 1 or 2");
  const unsigned last = shape.size() - 1;
  shape.back() = pool.columns();
  SmallVector<Value> operands = {input, table(node, pool.items), table(node, pool.first), table(node, pool.length)};
  const bool isWeighted = pool.mode != "TF" && !pool.weights.empty();
  if (isWeighted)
    operands.push_back(node.floats(pool.weights, {int64_t(pool.weights.size())}));
  Type real = node.importer.builder.getF32Type();
  node.set(0, node.generate(shape, real, operands, [&](Body &b) {
    Scalars row;
    if (last == 1)
      row.push_back(b.index(0));
    Scalar count = countGram(b, pool, row, b.index(last), b.extent(0, last));
    Scalar value = pool.mode == "IDF" ? b.cast(b.greater(count, b.integer(0)), real) : b.cast(count, real);
    return isWeighted ? b.mul(value, b.read(4, {b.index(last)})) : value;
  }));
}

void nibble::onnximport::addNgrams(TranslatorTable &table) { table["TfIdfVectorizer"] = importTfIdfVectorizer; }
