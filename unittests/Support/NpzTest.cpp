// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/Npz.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Base64.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

#include <numeric>

using namespace llvm;
using namespace nibble;

namespace {

/// A file that goes when the test ends.
struct TemporaryFile {
  SmallString<128> path;
  explicit TemporaryFile(StringRef content = "") {
    int descriptor;
    EXPECT_FALSE(sys::fs::createTemporaryFile("nibble", "npz", descriptor, path));
    raw_fd_ostream(descriptor, /*shouldClose=*/true) << content;
  }
  ~TemporaryFile() { sys::fs::remove(path); }
  std::string read() const { return (*MemoryBuffer::getFile(path))->getBuffer().str(); }
};

Array iota(ArrayRef<int64_t> shape) {
  Array array = Array::allocate(ElementKind::F32, shape);
  std::iota(array.as<float>().begin(), array.as<float>().end(), 1.0f);
  return array;
}

std::string messageOf(StringRef content) {
  TemporaryFile file(content);
  Expected<NamedArrays> arrays = readNpz(file.path);
  if (arrays)
    return "no error";
  std::string message = toString(arrays.takeError());
  size_t at = message.find(file.path.str());
  return at == std::string::npos ? message : message.replace(at, file.path.size(), "FILE");
}

std::string validFile() {
  TemporaryFile file;
  EXPECT_FALSE(bool(writeNpz(file.path, {{"first", iota({2, 3})}, {"second", iota({})}})));
  return file.read();
}

TEST(Npz, roundTrip) {
  TemporaryFile file;
  for (const SmallVector<int64_t> &shape : std::vector<SmallVector<int64_t>>{{}, {5}, {2, 3}, {0, 4}}) {
    ASSERT_FALSE(bool(writeNpz(file.path, {{"x", iota(shape)}})));
    Expected<NamedArrays> arrays = readNpz(file.path);
    ASSERT_TRUE(bool(arrays)) << toString(arrays.takeError());
    ASSERT_EQ(arrays->size(), 1u);
    EXPECT_EQ(arrays->front().name, "x");
    EXPECT_EQ(ArrayRef<int64_t>(arrays->front().array.shape), ArrayRef<int64_t>(shape));
    EXPECT_EQ(arrays->front().array.as<float>(), iota(shape).as<float>());
  }
}

TEST(Npz, npyRoundTrip) {
  TemporaryFile file;
  ASSERT_FALSE(bool(writeNpy(file.path, iota({7, 2}))));
  Expected<Array> array = readNpy(file.path);
  ASSERT_TRUE(bool(array)) << toString(array.takeError());
  EXPECT_EQ(describe(*array), "float32[7x2]");
  EXPECT_EQ(array->as<float>()[13], 14.0f);
}

// Elements of types that numpy has no name for are bytes in its files.
TEST(Npz, everyKind) {
  TemporaryFile file;
  for (int number = 0; number <= int(ElementKind::Raw16); ++number) {
    const ElementKind kind = ElementKind(number);
    Array written = Array::allocate(kind, {3});
    written.data.get()[0] = 1;
    ASSERT_FALSE(bool(writeNpy(file.path, written)));
    Expected<Array> read = readNpy(file.path);
    ASSERT_TRUE(bool(read)) << toString(read.takeError());
    EXPECT_TRUE(canHold(read->kind, kind)) << getName(kind).str();
    read->kind = kind;
    EXPECT_EQ(read->toDoubles(), written.toDoubles()) << getName(kind).str();
  }
}

TEST(Array, smallKindsAsDoubles) {
  auto toDouble = [](ElementKind kind, uint16_t bits) {
    Array array = Array::allocate(kind, {1});
    std::memcpy(array.data.get(), &bits, getByteWidth(kind));
    return array.toDoubles().front();
  };
  EXPECT_EQ(toDouble(ElementKind::I2, 2), -2);
  EXPECT_EQ(toDouble(ElementKind::U2, 3), 3);
  EXPECT_EQ(toDouble(ElementKind::I4, 0xf), -1);
  EXPECT_EQ(toDouble(ElementKind::U4, 0xf), 15);
  EXPECT_EQ(toDouble(ElementKind::F4E2M1FN, 0xf), -6);
  EXPECT_EQ(toDouble(ElementKind::F6E2M3FN, 0x1f), 7.5);
  EXPECT_EQ(toDouble(ElementKind::F6E3M2FN, 0x1f), 28);
  EXPECT_EQ(toDouble(ElementKind::F8E4M3FN, 0x7e), 448);
  EXPECT_EQ(toDouble(ElementKind::F8E4M3FNUZ, 0x7f), 240);
  EXPECT_EQ(toDouble(ElementKind::F8E5M2, 0x7b), 57344);
  EXPECT_EQ(toDouble(ElementKind::F8E5M2FNUZ, 1), 0x1p-17);
  EXPECT_EQ(toDouble(ElementKind::F8E8M0FNU, 128), 2);
  EXPECT_EQ(toDouble(ElementKind::F16, 1), 0x1p-24);
  EXPECT_EQ(toDouble(ElementKind::BF16, 0x4049), 3.140625);
}

TEST(Array, nonFiniteOfFloatsAlone) {
  Array array = Array::allocate(ElementKind::F8E5M2, {2});
  array.as<uint8_t>()[1] = 0x7c;
  EXPECT_EQ(array.findNonFinite(), 1);
  array.kind = ElementKind::U8;
  EXPECT_EQ(array.findNonFinite(), std::nullopt);
}

// numpy.savez_compressed of x = arange(6, int16).reshape(3, 2).
TEST(Npz, deflated) {
  const char *deflated = "UEsDBBQAAAAIAAAAIQB1iCO7UgAAAIwAAAAFABQAeC5ucHkBABAAj"
                         "AAAAAAAAABSAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6l"
                         "oG6TaaSuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6C"
                         "kaaOgq1CmQDLgYGRgYmBmYGFgZWBgBQSwECFAMUAAAACAAA"
                         "ACEAdYgju1IAAACMAAAABQAAAAAAAAAAAAAAgAEAAAAAeC5ucHlQS"
                         "wUGAAAAAAEAAQAzAAAAiQAAAAAA";
  std::vector<char> bytes;
  ASSERT_FALSE(bool(decodeBase64(deflated, bytes)));
  TemporaryFile file(StringRef(bytes.data(), bytes.size()));
  Expected<std::unique_ptr<NpzFile>> npz = NpzFile::open(file.path);
  ASSERT_TRUE(bool(npz)) << toString(npz.takeError());
  Expected<std::unique_ptr<NpzFile::Rows>> rows = (*npz)->rows(0);
  ASSERT_TRUE(bool(rows));
  std::vector<std::vector<int16_t>> pieces;
  for (int piece = 0; piece < 3; ++piece) {
    Expected<Array> part = (*rows)->next(2);
    ASSERT_TRUE(bool(part)) << toString(part.takeError());
    pieces.push_back(part->as<int16_t>().vec());
  }
  EXPECT_EQ(pieces, (std::vector<std::vector<int16_t>>{{0, 1, 2, 3}, {4, 5}, {}}));
}

TEST(Npz, missingFile) {
  Expected<NamedArrays> arrays = readNpz("no/such.npz");
  EXPECT_EQ(toString(arrays.takeError()), "cannot read 'no/such.npz': No such file or directory");
}

TEST(Npz, notAnArchive) { EXPECT_EQ(messageOf("hello"), "cannot read 'FILE' as .npz: not a zip archive, or cut off"); }

TEST(Npz, wrongChecksum) {
  std::string content = validFile();
  content[content.find("second") - 60] ^= 1; // in the elements of the first array
  EXPECT_TRUE(StringRef(messageOf(content)).starts_with("'FILE': entry 'first': its checksum is"))
      << messageOf(content);
}

TEST(Npz, wrongElementType) {
  std::string content = validFile();
  content.replace(content.find("<f4"), 3, "<c8");
  EXPECT_EQ(messageOf(content), "'FILE': entry 'first': has elements of type "
                                "'<c8', expected bool, integers or "
                                "floats of 8 to 64 bits");
}

// Whatever is cut off or overwritten, reading ends in an error or in arrays,
// never in a crash.
TEST(Npz, damagedAnywhere) {
  std::string content = validFile();
  for (size_t size = 0; size < content.size(); ++size)
    EXPECT_NE(messageOf(content.substr(0, size)), "no error") << size;
  for (size_t at = 0; at < content.size(); ++at) {
    std::string damaged = content;
    damaged[at] = '\xff';
    messageOf(damaged);
  }
}

TEST(Npz, oneArrayExpected) {
  TemporaryFile file;
  ASSERT_FALSE(bool(writeNpz(file.path, {{"first", iota({2})}, {"second", iota({})}})));
  Expected<Array> array = readNpy(file.path);
  ASSERT_FALSE(bool(array));
  EXPECT_EQ(toString(array.takeError()), "'" + file.path.str().str() + "' holds 2 arrays, expected one");
}

TEST(Npz, longName) {
  TemporaryFile file;
  std::string message = toString(writeNpz(file.path, {{std::string(70000, 'x'), iota({})}}));
  EXPECT_NE(message.find("an array's name has 70004 bytes, expected at most 65535"), std::string::npos) << message;
}

TEST(Npz, unwritable) {
  Error error = writeNpz("no/such/folder/x.npz", {});
  EXPECT_EQ(toString(std::move(error)), "cannot write 'no/such/folder/x.npz': No such file or directory");
}

} // namespace
