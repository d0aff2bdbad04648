// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "NpyHeader.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace nibble::npy {

namespace {
struct Code {
  StringLiteral text;
  ElementKind kind;
};
constexpr Code codes[] = {{"b1", ElementKind::Bool}, {"i1", ElementKind::I8},  {"u1", ElementKind::U8},
                          {"i2", ElementKind::I16},  {"u2", ElementKind::U16}, {"i4", ElementKind::I32},
                          {"u4", ElementKind::U32},  {"i8", ElementKind::I64}, {"u8", ElementKind::U64},
                          {"f2", ElementKind::F16},  {"f4", ElementKind::F32}, {"f8", ElementKind::F64},
                          {"V1", ElementKind::Raw8}, {"V2", ElementKind::Raw16},
                          // ml_dtypes', which numpy writes but does not read.
                          {"f1", ElementKind::F8E5M2}};
constexpr StringLiteral magic("\x93NUMPY");
} // namespace

/// The text of `key`'s value in the header's dictionary, up to the end of the
/// header.
static StringRef findValue(StringRef dictionary, StringRef key) {
  std::string quoted = ("'" + key + "'").str();
  size_t at = dictionary.find(quoted);
  if (at == StringRef::npos)
    return {};
  return dictionary.drop_front(at + quoted.size()).ltrim().ltrim(':').ltrim();
}

static Expected<ElementKind> parseKind(StringRef value) {
  if (!value.consume_front("'"))
    return makeError("has a structured type, expected numbers");
  StringRef text = value.take_until([](char c) { return c == '\''; });
  if (text.starts_with(">"))
    return makeError("is big-endian ('" + text + "'), expected little-endian");
  for (const Code &code : codes)
    if (text.ltrim("<|=") == code.text)
      return code.kind;
  return makeError("has elements of type '" + text + "', expected bool, integers or floats of 8 to 64 bits");
}

static Expected<SmallVector<int64_t, 4>> parseShape(StringRef value) {
  SmallVector<int64_t, 4> shape;
  if (!value.consume_front("(") || !value.contains(')'))
    return makeError("has no shape in its header");
  SmallVector<StringRef> extents;
  value.take_until([](char c) { return c == ')'; }).split(extents, ',', -1, /*KeepEmpty=*/false);
  for (StringRef text : extents) {
    if (text.trim().empty())
      continue;
    int64_t extent;
    if (text.trim().getAsInteger(10, extent) || extent < 0)
      return makeError("has the extent '" + text.trim() + "' in its shape, expected a number");
    shape.push_back(extent);
  }
  return shape;
}

/// Bytes of the elements, or none if they do not fit 63 bits.
static std::optional<uint64_t> countBytes(const Header &header) {
  int64_t bytes = getByteWidth(header.kind);
  for (int64_t extent : header.shape)
    if (MulOverflow(bytes, extent, bytes))
      return std::nullopt;
  return bytes;
}

static Expected<Header> parseDictionary(StringRef dictionary) {
  Expected<ElementKind> kind = parseKind(findValue(dictionary, "descr"));
  if (!kind)
    return kind.takeError();
  if (findValue(dictionary, "fortran_order").starts_with("True"))
    return makeError("is in Fortran order, expected C order "
                     "(numpy.ascontiguousarray makes it so)");
  Expected<SmallVector<int64_t, 4>> shape = parseShape(findValue(dictionary, "shape"));
  if (!shape)
    return shape.takeError();
  return Header{*kind, *shape};
}

Expected<Header> readHeader(function_ref<Error(char *, uint64_t)> read, function_ref<uint64_t()> remaining) {
  unsigned char start[12] = {};
  if (remaining() < 10)
    return makeError("is not a numpy array: it has " + Twine(remaining()) + " bytes");
  if (Error error = read(reinterpret_cast<char *>(start), 10))
    return error;
  if (StringRef(reinterpret_cast<char *>(start), 6) != magic || start[6] < 1 || start[6] > 3)
    return makeError("is not a numpy array: its first bytes are not numpy's");
  uint64_t length = start[8] | start[9] << 8;
  if (start[6] > 1) {
    if (remaining() < 2)
      return makeError("is cut off in its header");
    if (Error error = read(reinterpret_cast<char *>(start) + 10, 2))
      return error;
    length |= uint64_t(start[10]) << 16 | uint64_t(start[11]) << 24;
  }
  if (length > remaining() || length > (1 << 20))
    return makeError("is cut off in its header");
  std::string dictionary(length, '\0');
  if (Error error = read(dictionary.data(), length))
    return error;
  Expected<Header> header = parseDictionary(dictionary);
  if (!header)
    return header.takeError();
  std::optional<uint64_t> bytes = countBytes(*header);
  std::string expected = bytes ? std::to_string(*bytes) : "fewer than 2^63";
  if (!bytes || *bytes != remaining())
    return makeError("has " + Twine(remaining()) + " bytes of elements, expected " + expected + " for " +
                     getName(header->kind) + "[" + describeShape(header->shape) + "]");
  return header;
}

/// Elements that numpy has no name for are bytes without one, as it writes them itself: view() gives them their type.
static StringRef getCode(ElementKind kind) {
  for (ElementKind raw : {ElementKind::Raw8, ElementKind::Raw16})
    if (canHold(raw, kind))
      kind = raw;
  return find_if(codes, [&](const Code &code) { return code.kind == kind; })->text;
}

std::string makeHeader(const Array &array) {
  std::string shape;
  for (int64_t extent : array.shape)
    shape += std::to_string(extent) + (array.shape.size() == 1 ? "," : ", ");
  if (array.shape.size() > 1)
    shape.resize(shape.size() - 2);
  StringRef code = getCode(array.kind);
  std::string order = getByteWidth(array.kind) == 1 || code.starts_with("V") ? "|" : "<";
  std::string text =
      "{'descr': '" + order + code.str() + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  // The elements begin at a multiple of 64.
  text.resize(alignTo(text.size() + 11, 64) - 11, ' ');
  text += '\n';
  std::string header = magic.str() + '\x01' + '\0';
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

} // namespace nibble::npy
