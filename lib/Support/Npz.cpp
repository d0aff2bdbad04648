// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/Npz.h"
#include "NpyHeader.h"
#include "Zip.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/OutputFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace nibble {

struct NpzFile::Impl {
  std::string path;
  std::unique_ptr<MemoryBuffer> buffer;
  std::vector<zip::Entry> files;
  std::vector<Header> headers;

  Error addHeader(const zip::Entry &file);
  std::string where(unsigned index) const {
    return headers[index].name.empty() ? "'" + path + "'" : "'" + path + "': entry '" + headers[index].name + "'";
  }
};

struct NpzFile::Rows::Impl {
  Header header;
  std::string where;
  zip::Stream stream;
  int64_t row = 0;
};

NpzFile::NpzFile(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
NpzFile::~NpzFile() = default;
NpzFile::Rows::Rows(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
NpzFile::Rows::~Rows() = default;

static Expected<npy::Header> readHeader(zip::Stream &stream) {
  return npy::readHeader([&](char *buffer, uint64_t count) { return stream.read(buffer, count); },
                         [&] { return stream.remaining(); });
}

/// A .npy file seen as the only entry of an archive, without a checksum.
static zip::Entry wrapNpy(StringRef content) {
  return {"", zip::Method::Stored, std::nullopt, content.size(), content};
}

Error NpzFile::Impl::addHeader(const zip::Entry &file) {
  StringRef name = file.name;
  name.consume_back(".npy");
  zip::Stream stream(file);
  Expected<npy::Header> header = readHeader(stream);
  if (!header)
    return addContext(name.empty() ? "'" + path + "'" : "'" + path + "': entry '" + name + "'", header.takeError());
  headers.push_back({name.str(), header->kind, header->shape});
  return Error::success();
}

Expected<std::unique_ptr<NpzFile>> NpzFile::open(StringRef path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path.str();
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError("cannot read '" + path + "': " + buffer.getError().message());
  impl->buffer = std::move(*buffer);
  StringRef content = impl->buffer->getBuffer();
  if (content.starts_with("\x93NUMPY")) {
    impl->files.push_back(wrapNpy(content));
  } else {
    Expected<std::vector<zip::Entry>> files = zip::readDirectory(content);
    if (!files)
      return addContext("cannot read '" + path + "' as .npz", files.takeError());
    impl->files = std::move(*files);
  }
  for (const zip::Entry &file : impl->files)
    if (Error error = impl->addHeader(file))
      return error;
  return std::unique_ptr<NpzFile>(new NpzFile(std::move(impl)));
}

ArrayRef<NpzFile::Header> NpzFile::entries() const { return impl->headers; }

Expected<std::unique_ptr<NpzFile::Rows>> NpzFile::rows(unsigned index) {
  std::unique_ptr<Rows::Impl> state(
      new Rows::Impl{impl->headers[index], impl->where(index), zip::Stream(impl->files[index])});
  if (Expected<npy::Header> header = readHeader(state->stream); !header)
    return addContext(impl->where(index), header.takeError());
  return std::unique_ptr<Rows>(new Rows(std::move(state)));
}

Expected<Array> NpzFile::Rows::next(int64_t count) {
  SmallVector<int64_t, 4> shape = impl->header.shape;
  if (!shape.empty()) {
    shape[0] = std::min(count, shape[0] - impl->row);
    impl->row += shape[0];
  }
  Array array = Array::allocate(impl->header.kind, shape);
  if (Error error = impl->stream.read(array.data.get(), array.getByteSize()))
    return addContext(impl->where, std::move(error));
  return array;
}

Expected<Array> NpzFile::read(unsigned index) {
  Expected<std::unique_ptr<Rows>> stream = rows(index);
  if (!stream)
    return stream.takeError();
  ArrayRef<int64_t> shape = impl->headers[index].shape;
  return (*stream)->next(shape.empty() ? 1 : shape[0]);
}

Expected<NamedArrays> readNpz(StringRef path) {
  Expected<std::unique_ptr<NpzFile>> file = NpzFile::open(path);
  if (!file)
    return file.takeError();
  NamedArrays arrays;
  for (auto [index, entry] : enumerate((*file)->entries())) {
    Expected<Array> array = (*file)->read(index);
    if (!array)
      return array.takeError();
    arrays.push_back({entry.name, std::move(*array)});
  }
  return arrays;
}

Expected<Array> readNpy(StringRef path) {
  Expected<NamedArrays> arrays = readNpz(path);
  if (!arrays)
    return arrays.takeError();
  if (arrays->size() != 1)
    return makeError("'" + path + "' holds " + Twine(arrays->size()) + " arrays, expected one");
  return arrays->front().array;
}

static StringRef getBytes(const Array &array) { return {array.data.get(), static_cast<size_t>(array.getByteSize())}; }

Error writeNpz(StringRef path, const NamedArrays &arrays) {
  return writeFile(path, [&](raw_pwrite_stream &stream) -> Error {
    zip::Writer writer(stream);
    for (const NamedArray &entry : arrays)
      if (Error error = writer.add(entry.name + ".npy", npy::makeHeader(entry.array), getBytes(entry.array)))
        return error;
    writer.finish();
    return Error::success();
  });
}

Error writeNpy(StringRef path, const Array &array) {
  return writeFile(path, [&](raw_pwrite_stream &stream) -> Error {
    stream << npy::makeHeader(array) << getBytes(array);
    return Error::success();
  });
}

} // namespace nibble
