// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// After PKWARE's APPNOTE 6.3.3, sections 4.3 and 4.5.3. Nothing in the file is
// trusted.

#include "Zip.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Endian.h"

#include <zlib.h>

#include <algorithm>
#include <optional>

using namespace llvm;

namespace nibble::zip {

namespace {
constexpr uint32_t localSignature = 0x04034b50, centralSignature = 0x02014b50;
constexpr uint32_t endSignature = 0x06054b50, end64Signature = 0x06064b50, locatorSignature = 0x07064b50;
constexpr uint64_t localSize = 30, centralSize = 46, endSize = 22, locatorSize = 20, end64Size = 56;
constexpr uint32_t use64 = 0xffffffff; // the value is in the ZIP64 extra field

/// Little-endian reads with bounds checks: past the end every value is 0 and
/// `ok` false.
struct Cursor {
  StringRef bytes;
  uint64_t at = 0;
  bool ok = true;

  StringRef take(uint64_t count) {
    ok = ok && at <= bytes.size() && count <= bytes.size() - at;
    if (!ok)
      return {};
    StringRef taken = bytes.substr(at, count);
    at += count;
    return taken;
  }
  template <typename T>
  T get() {
    StringRef taken = take(sizeof(T));
    return ok ? support::endian::read<T, endianness::little>(taken.data()) : T(0);
  }
};
} // namespace

/// Offset of the end record, which a comment may follow.
static std::optional<uint64_t> findEnd(StringRef file) {
  if (file.size() < endSize)
    return std::nullopt;
  uint64_t last = file.size() - endSize;
  uint64_t first = last > 0xffff ? last - 0xffff : 0;
  for (uint64_t at = last + 1; at-- > first;)
    if (support::endian::read32le(file.data() + at) == endSignature)
      return at;
  return std::nullopt;
}

/// Replaces the sizes that stand in the ZIP64 extra field.
static bool readZip64(StringRef extra, uint64_t &size, uint64_t &compressed, uint64_t &offset) {
  Cursor fields{extra};
  while (fields.at < extra.size()) {
    auto id = fields.get<uint16_t>();
    Cursor field{fields.take(fields.get<uint16_t>())};
    if (!fields.ok)
      return false;
    if (id != 1)
      continue;
    for (uint64_t *value : {&size, &compressed, &offset})
      if (*value == use64)
        *value = field.get<uint64_t>();
    return field.ok;
  }
  return true;
}

/// The compressed bytes behind the local header at `offset`.
static std::optional<StringRef> findData(StringRef file, uint64_t offset, uint64_t compressed) {
  Cursor local{file, offset};
  if (local.get<uint32_t>() != localSignature)
    return std::nullopt;
  local.take(22);
  uint64_t nameSize = local.get<uint16_t>(), extraSize = local.get<uint16_t>();
  local.take(nameSize + extraSize);
  StringRef data = local.take(compressed);
  if (!local.ok)
    return std::nullopt;
  return data;
}

static Expected<Entry> readEntry(StringRef file, Cursor &central) {
  bool isEntry = central.get<uint32_t>() == centralSignature;
  central.take(4);
  auto flags = central.get<uint16_t>(), method = central.get<uint16_t>();
  central.take(4);
  auto crc = central.get<uint32_t>();
  uint64_t compressed = central.get<uint32_t>(), size = central.get<uint32_t>();
  uint64_t nameSize = central.get<uint16_t>(), extraSize = central.get<uint16_t>(), noteSize = central.get<uint16_t>();
  central.take(8);
  uint64_t offset = central.get<uint32_t>();
  StringRef name = central.take(nameSize), extra = central.take(extraSize);
  central.take(noteSize);
  if (!isEntry || !central.ok)
    return makeError("its directory is damaged");
  if (flags & 1)
    return makeError("entry '" + name + "' is encrypted");
  if (method != 0 && method != 8)
    return makeError("entry '" + name + "' has compression method " + Twine(method) +
                     ", expected 0 (stored) or 8 (deflated)");
  bool known = readZip64(extra, size, compressed, offset);
  std::optional<StringRef> data = known ? findData(file, offset, compressed) : std::nullopt;
  // Deflate shrinks by a factor of 1032 at most.
  if (!data || (method == 0 ? size != compressed : size / 1032 > compressed))
    return makeError("entry '" + name + "' is damaged or cut off");
  return Entry{name.str(), Method(method), crc, size, *data};
}

Expected<std::vector<Entry>> readDirectory(StringRef file) {
  std::optional<uint64_t> end = findEnd(file);
  if (!end)
    return makeError("not a zip archive, or cut off");
  Cursor record{file, *end + 10};
  uint64_t count = record.get<uint16_t>();
  record.take(4);
  uint64_t offset = record.get<uint32_t>();
  Cursor locator{file, *end >= locatorSize ? *end - locatorSize : file.size()};
  if (locator.get<uint32_t>() == locatorSignature) {
    locator.take(4);
    Cursor end64{file, locator.get<uint64_t>()};
    if (end64.get<uint32_t>() != end64Signature)
      return makeError("its directory is damaged");
    end64.take(28);
    count = end64.get<uint64_t>();
    end64.take(8);
    offset = end64.get<uint64_t>();
  }
  std::vector<Entry> entries;
  Cursor central{file, offset};
  for (uint64_t i = 0; i < count; ++i) {
    Expected<Entry> entry = readEntry(file, central);
    if (!entry)
      return entry.takeError();
    entries.push_back(std::move(*entry));
  }
  return entries;
}

struct Stream::Inflater {
  z_stream state = {};
  StringRef rest;
  ~Inflater() { inflateEnd(&state); }
};

Stream::Stream(const Entry &entry) : entry(entry) {
  if (entry.method != Method::Deflated)
    return;
  inflater = std::make_unique<Inflater>();
  inflater->rest = entry.data;
  if (inflateInit2(&inflater->state, -MAX_WBITS) != Z_OK)
    report_bad_alloc_error("out of memory for zlib");
}

Stream::~Stream() = default;

Error Stream::inflateInto(char *buffer, uint64_t count) {
  constexpr uint64_t piece = 1u << 30; // zlib counts in 32 bits
  z_stream &state = inflater->state;
  while (count > 0) {
    uint64_t in = std::min<uint64_t>(inflater->rest.size(), piece), out = std::min(count, piece);
    state.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(inflater->rest.data()));
    state.avail_in = in;
    state.next_out = reinterpret_cast<Bytef *>(buffer);
    state.avail_out = out;
    int status = inflate(&state, Z_NO_FLUSH);
    uint64_t made = out - state.avail_out;
    inflater->rest = inflater->rest.drop_front(in - state.avail_in);
    buffer += made;
    count -= made;
    if (count > 0 && (status != Z_OK || (made == 0 && in == state.avail_in)))
      return makeError("does not inflate: its data is damaged or cut off");
  }
  return Error::success();
}

Error Stream::read(char *buffer, uint64_t count) {
  if (count > remaining())
    return makeError("ends after " + Twine(entry.size) + " bytes");
  if (inflater) {
    if (Error error = inflateInto(buffer, count))
      return error;
  } else {
    std::copy_n(entry.data.data() + position, count, buffer);
  }
  position += count;
  crc = crc32_z(crc, reinterpret_cast<const Bytef *>(buffer), count);
  if (position == entry.size && entry.crc && crc != *entry.crc)
    return makeError("its checksum is " + Twine::utohexstr(crc) + ", expected " + Twine::utohexstr(*entry.crc));
  return Error::success();
}

namespace {
/// Little-endian fields of a header under construction.
struct Fields {
  SmallVector<char, 96> bytes;
  template <typename T>
  Fields &put(T value) {
    char raw[sizeof(T)];
    support::endian::write<T, endianness::little>(raw, value);
    bytes.append(raw, raw + sizeof(T));
    return *this;
  }
};
constexpr uint16_t version64 = 45;
constexpr uint16_t firstOfJanuary1980 = 0x21;
} // namespace

// Every entry has ZIP64 sizes, as numpy writes them, so that large arrays need
// no other path.
Error Writer::add(StringRef name, StringRef header, StringRef content) {
  if (name.size() > 0xffff)
    return makeError("an array's name has " + Twine(name.size()) + " bytes, expected at most 65535");
  uint32_t crc = crc32_z(0, reinterpret_cast<const Bytef *>(header.data()), header.size());
  crc = crc32_z(crc, reinterpret_cast<const Bytef *>(content.data()), content.size());
  uint64_t size = header.size() + content.size();
  Fields local;
  local.put(localSignature).put(version64).put<uint16_t>(0x800).put<uint16_t>(0).put<uint16_t>(0);
  local.put(firstOfJanuary1980).put(crc).put(use64).put(use64);
  local.put<uint16_t>(name.size()).put<uint16_t>(20);
  stream << StringRef(local.bytes.data(), local.bytes.size()) << name;
  Fields extra;
  extra.put<uint16_t>(1).put<uint16_t>(16).put(size).put(size);
  stream << StringRef(extra.bytes.data(), extra.bytes.size()) << header << content;
  entries.push_back({name.str(), crc, size, offset});
  offset += localSize + name.size() + 20 + size;
  return Error::success();
}

void Writer::finish() {
  uint64_t begin = offset;
  for (const Written &entry : entries) {
    Fields central;
    central.put(centralSignature).put(version64).put(version64).put<uint16_t>(0x800).put<uint16_t>(0);
    central.put<uint16_t>(0).put(firstOfJanuary1980).put(entry.crc).put(use64).put(use64);
    central.put<uint16_t>(entry.name.size()).put<uint16_t>(28).put<uint16_t>(0);
    central.put<uint16_t>(0).put<uint16_t>(0).put<uint32_t>(0644u << 16 | 0x80000000u).put(use64);
    stream << StringRef(central.bytes.data(), central.bytes.size()) << entry.name;
    Fields extra;
    extra.put<uint16_t>(1).put<uint16_t>(24).put(entry.size).put(entry.size).put(entry.offset);
    stream << StringRef(extra.bytes.data(), extra.bytes.size());
    offset += centralSize + entry.name.size() + 28;
  }
  Fields end;
  end.put(end64Signature).put(end64Size - 12).put(version64).put(version64).put<uint32_t>(0).put<uint32_t>(0);
  end.put<uint64_t>(entries.size()).put<uint64_t>(entries.size()).put(offset - begin).put(begin);
  end.put(locatorSignature).put<uint32_t>(0).put(offset).put<uint32_t>(1);
  uint16_t count = std::min<uint64_t>(entries.size(), 0xffff);
  end.put(endSignature).put<uint16_t>(0).put<uint16_t>(0).put(count).put(count);
  end.put(use64).put(use64).put<uint16_t>(0);
  stream << StringRef(end.bytes.data(), end.bytes.size());
}

} // namespace nibble::zip
