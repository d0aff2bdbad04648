// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Arrays.h"

#include "llvm/ADT/STLExtras.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

namespace nb = nanobind;

namespace nibble::driver::python {

using Input = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

namespace {
struct KindType {
  ElementKind kind;
  nb::dlpack::dtype type;
};
const KindType types[] = {{ElementKind::Bool, nb::dtype<bool>()},    {ElementKind::I8, nb::dtype<int8_t>()},
                          {ElementKind::U8, nb::dtype<uint8_t>()},   {ElementKind::I16, nb::dtype<int16_t>()},
                          {ElementKind::U16, nb::dtype<uint16_t>()}, {ElementKind::I32, nb::dtype<int32_t>()},
                          {ElementKind::U32, nb::dtype<uint32_t>()}, {ElementKind::I64, nb::dtype<int64_t>()},
                          {ElementKind::U64, nb::dtype<uint64_t>()}, {ElementKind::F32, nb::dtype<float>()},
                          {ElementKind::F64, nb::dtype<double>()},   {ElementKind::F16, {2, 16, 1}}};

/// The types that the package ml_dtypes adds to numpy. Their arrays are exchanged as bytes.
constexpr ElementKind addedKinds[] = {ElementKind::BF16,       ElementKind::I2,       ElementKind::U2,
                                      ElementKind::I4,         ElementKind::U4,       ElementKind::F4E2M1FN,
                                      ElementKind::F6E2M3FN,   ElementKind::F6E3M2FN, ElementKind::F8E4M3FN,
                                      ElementKind::F8E4M3FNUZ, ElementKind::F8E5M2,   ElementKind::F8E5M2FNUZ,
                                      ElementKind::F8E8M0FNU};
} // namespace

static ElementKind getKind(const Input &input, const std::string &name) {
  for (const KindType &entry : types)
    if (entry.type == input.dtype())
      return entry.kind;
  throw nb::type_error(("array '" + name + "' has elements of a type that no model takes").c_str());
}

/// The kind of an array of a type of ml_dtypes.
static std::optional<ElementKind> getAddedKind(nb::handle array) {
  if (!nb::hasattr(array, "dtype") || !nb::hasattr(array, "view"))
    return std::nullopt;
  auto name = nb::cast<std::string>(array.attr("dtype").attr("name"));
  for (ElementKind kind : addedKinds)
    if (getName(kind) == name)
      return kind;
  return std::nullopt;
}

/// numpy's type of as many bytes as an element has.
static const char *getBytesType(ElementKind kind) { return getByteWidth(kind) == 1 ? "uint8" : "uint16"; }

static Array toArray(const std::string &name, nb::handle value) {
  std::optional<ElementKind> added = getAddedKind(value);
  nb::object array = added ? value.attr("view")(getBytesType(*added)) : nb::borrow(value);
  Input input;
  if (!nb::try_cast<Input>(array, input))
    throw nb::type_error(("input '" + name + "' is not a contiguous array of numbers").c_str());
  llvm::SmallVector<int64_t, 4> shape;
  for (size_t dim = 0; dim < input.ndim(); ++dim)
    shape.push_back(input.shape(dim));
  ElementKind kind = added ? *added : getKind(input, name);
  auto *data = const_cast<char *>(static_cast<const char *>(input.data()));
  // The last reference may go in a thread that does not hold Python's lock.
  auto *owner = new Input(std::move(input));
  auto release = [owner](char *) {
    nb::gil_scoped_acquire lock;
    delete owner;
  };
  return Array::view(kind, shape, std::shared_ptr<char>(data, release));
}

NamedArrays toFeed(nb::dict feed) {
  NamedArrays arrays;
  for (auto [key, value] : feed) {
    auto name = nb::cast<std::string>(key);
    arrays.push_back({name, toArray(name, value)});
  }
  return arrays;
}

static nb::dlpack::dtype getType(ElementKind kind) {
  for (const KindType &entry : types)
    if (entry.kind == kind)
      return entry.type;
  return getByteWidth(kind) == 1 ? nb::dtype<uint8_t>() : nb::dtype<uint16_t>();
}

static nb::object fromArray(const Array &array) {
  auto *owner = new std::shared_ptr<char>(array.data);
  nb::capsule capsule(owner, [](void *p) noexcept { delete static_cast<std::shared_ptr<char> *>(p); });
  std::vector<size_t> shape(array.shape.begin(), array.shape.end());
  nb::ndarray<nb::numpy> result(array.data.get(), shape.size(), shape.data(), capsule, nullptr, getType(array.kind));
  nb::object values = nb::cast(result);
  if (!llvm::is_contained(addedKinds, array.kind))
    return values;
  return values.attr("view")(nb::module_::import_("ml_dtypes").attr(getName(array.kind).data()));
}

nb::list fromArrays(const std::vector<Array> &arrays) {
  nb::list list;
  for (const Array &array : arrays)
    list.append(fromArray(array));
  return list;
}

} // namespace nibble::driver::python
