// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Driver/Samples.h"
#include "nibble/Support/Errors.h"
#include "nibble/Support/Npz.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cmath>

using namespace llvm;

namespace nibble::driver {

Samples::~Samples() = default;

Expected<int64_t> forEachSample(Samples &samples, Reporter &reporter, StringRef name, const Twine &source,
                                function_ref<Error(const NamedArrays &)> action) {
  for (int64_t count = 0;; ++count) {
    Expected<std::optional<NamedArrays>> feed = samples.next(); // whose errors name the sample themselves
    if (!feed)
      return feed.takeError();
    if (!*feed && count == 0)
      return makeError(source + " has no samples");
    if (!*feed)
      return count;
    if (Error error = action(**feed))
      return addContext((name + " " + Twine(count)).str(), std::move(error));
    reporter.advance(count + 1);
  }
}

Error checkFinite(const NamedArrays &feed) {
  for (const NamedArray &entry : feed)
    if (std::optional<int64_t> index = entry.array.findNonFinite()) {
      Array flat = entry.array.reshaped({entry.array.size()}).slice(*index, *index + 1);
      StringRef what = std::isnan(flat.toDoubles()[0]) ? "NaN" : "infinite";
      return makeError("input '" + entry.name + "' is " + what + " at element " + Twine(*index));
    }
  return Error::success();
}

namespace {

/// How the rows of one entry become arguments of one input.
struct Feeder {
  Port port;
  unsigned entry;
  int64_t rowsPerSample; // 0 where one array holds for all samples
  bool dropsLeading;     // the leading dimension is not the input's
  std::unique_ptr<NpzFile::Rows> rows;
  Array constant;
};

class FileSamples : public Samples {
public:
  static Expected<std::unique_ptr<FileSamples>> open(StringRef path, ArrayRef<Port> inputs,
                                                     function_ref<void(const Twine &)> note);
  std::optional<int64_t> count() const override { return total; }
  Expected<std::optional<NamedArrays>> next() override;

private:
  Error addInput(const Port &port, bool isOnly);
  Error setCount(const Feeder &feeder, int64_t count);
  void noteUnused(function_ref<void(const Twine &)> note) const;

  std::string path;
  std::unique_ptr<NpzFile> file;
  std::vector<Feeder> feeders;
  int64_t total = -1, position = 0;
};

/// The .npz files of a folder, in the order of their names.
class FolderSamples : public Samples {
public:
  static Expected<std::unique_ptr<FolderSamples>> open(StringRef path, ArrayRef<Port> inputs,
                                                       function_ref<void(const Twine &)> note);
  Expected<std::optional<NamedArrays>> next() override;

private:
  std::vector<Port> inputs;
  std::vector<std::string> paths; // the last one first
  std::unique_ptr<FileSamples> current;
};

} // namespace

static bool fitsInner(const Port &port, ArrayRef<int64_t> shape, unsigned skip) {
  for (auto [expected, actual] : zip_equal(ArrayRef(port.shape).drop_front(skip), shape))
    if (expected >= 0 && expected != actual)
      return false;
  return true;
}

Error FileSamples::setCount(const Feeder &feeder, int64_t count) {
  if (total >= 0 && total != count)
    return makeError("'" + path + "': entry '" + feeder.port.name + "' has " + Twine(count) +
                     " samples, but another entry has " + Twine(total));
  total = count;
  return Error::success();
}

Error FileSamples::addInput(const Port &port, bool isOnly) {
  ArrayRef<NpzFile::Header> entries = file->entries();
  const auto *entry = find_if(entries, [&](const NpzFile::Header &e) { return e.name == port.name; });
  if (entry == entries.end() && isOnly && entries.size() == 1 && entries.front().name.empty())
    entry = entries.begin(); // a .npy file
  if (entry == entries.end())
    return makeError("'" + path + "' has no entry '" + port.name + "', an input of the model; it has " +
                     join(map_range(entries, [](const auto &e) { return "'" + e.name + "'"; }), ", "));
  Feeder feeder{port, static_cast<unsigned>(entry - entries.begin()), 0, false, nullptr, {}};
  ArrayRef<int64_t> shape = entry->shape;
  std::string where = "'" + path + "': entry '" + port.name + "' is " +
                      describe(Array::view(entry->kind, shape, nullptr)) + ", expected ";
  unsigned rank = port.shape.size();
  feeder.dropsLeading = shape.size() == rank + 1;
  bool fits = feeder.dropsLeading ? fitsInner(port, shape.drop_front(), 0)
                                  : shape.size() == rank && (rank == 0 || fitsInner(port, shape.drop_front(), 1));
  if (!canHold(entry->kind, port.kind) || !fits)
    return makeError(where + "samples of " + describe(port));
  if (shape.empty()) {
    Expected<Array> value = file->read(feeder.entry);
    if (!value)
      return value.takeError();
    feeder.constant = std::move(*value);
    feeder.constant.kind = port.kind;
  } else {
    feeder.rowsPerSample = feeder.dropsLeading || port.shape[0] < 0 ? 1 : std::max<int64_t>(port.shape[0], 1);
    if (shape[0] % feeder.rowsPerSample)
      return makeError(where + "a multiple of " + Twine(feeder.rowsPerSample) + " rows");
    if (Error error = setCount(feeder, shape[0] / feeder.rowsPerSample))
      return error;
    Expected<std::unique_ptr<NpzFile::Rows>> rows = file->rows(feeder.entry);
    if (!rows)
      return rows.takeError();
    feeder.rows = std::move(*rows);
  }
  feeders.push_back(std::move(feeder));
  return Error::success();
}

void FileSamples::noteUnused(function_ref<void(const Twine &)> note) const {
  for (auto [index, entry] : enumerate(file->entries()))
    if (none_of(feeders, [&, i = index](const Feeder &feeder) { return feeder.entry == i; }))
      note("'" + path + "': entry '" + entry.name + "' is not an input of the model and is not used");
}

Expected<std::unique_ptr<FileSamples>> FileSamples::open(StringRef path, ArrayRef<Port> inputs,
                                                         function_ref<void(const Twine &)> note) {
  auto samples = std::make_unique<FileSamples>();
  samples->path = path.str();
  Expected<std::unique_ptr<NpzFile>> file = NpzFile::open(path);
  if (!file)
    return file.takeError();
  samples->file = std::move(*file);
  for (const Port &port : inputs)
    if (Error error = samples->addInput(port, inputs.size() == 1))
      return error;
  if (samples->total < 0)
    samples->total = 1; // scalars alone
  samples->noteUnused(note);
  return samples;
}

Expected<std::optional<NamedArrays>> FileSamples::next() {
  if (position == total)
    return std::nullopt;
  NamedArrays feed;
  for (Feeder &feeder : feeders) {
    if (!feeder.rows) {
      feed.push_back({feeder.port.name, feeder.constant});
      continue;
    }
    Expected<Array> rows = feeder.rows->next(feeder.rowsPerSample);
    if (!rows)
      return rows.takeError();
    Array array = feeder.dropsLeading ? rows->reshaped(ArrayRef(rows->shape).drop_front()) : *rows;
    array.kind = feeder.port.kind;
    feed.push_back({feeder.port.name, std::move(array)});
  }
  if (Error error = checkFinite(feed))
    return addContext("'" + path + "': sample " + Twine(position), std::move(error));
  ++position;
  return feed;
}

Expected<std::unique_ptr<FolderSamples>> FolderSamples::open(StringRef path, ArrayRef<Port> inputs,
                                                             function_ref<void(const Twine &)> note) {
  auto samples = std::make_unique<FolderSamples>();
  samples->inputs = inputs.vec();
  std::error_code code;
  for (sys::fs::directory_iterator it(path, code), end; it != end && !code; it.increment(code))
    if (StringRef(it->path()).ends_with(".npz"))
      samples->paths.push_back(it->path());
  if (code)
    return makeError("cannot read the folder '" + path + "': " + code.message());
  if (samples->paths.empty())
    return makeError("the folder '" + path + "' holds no .npz file");
  llvm::sort(samples->paths, std::greater<>());
  // The first file is opened now, so that a wrong folder is seen before
  // anything runs.
  Expected<std::unique_ptr<FileSamples>> first = FileSamples::open(samples->paths.back(), inputs, note);
  if (!first)
    return first.takeError();
  samples->current = std::move(*first);
  samples->paths.pop_back();
  return samples;
}

Expected<std::optional<NamedArrays>> FolderSamples::next() {
  while (true) {
    Expected<std::optional<NamedArrays>> feed = current->next();
    if (!feed || *feed || paths.empty())
      return feed;
    Expected<std::unique_ptr<FileSamples>> file = FileSamples::open(paths.back(), inputs, [](const Twine &) {});
    if (!file)
      return file.takeError();
    current = std::move(*file);
    paths.pop_back();
  }
}

template <typename T>
static Expected<std::unique_ptr<Samples>> generalize(Expected<std::unique_ptr<T>> samples) {
  if (!samples)
    return samples.takeError();
  return std::unique_ptr<Samples>(std::move(*samples));
}

Expected<std::unique_ptr<Samples>> openSamples(StringRef path, ArrayRef<Port> inputs,
                                               function_ref<void(const Twine &)> note) {
  if (sys::fs::is_directory(path))
    return generalize(FolderSamples::open(path, inputs, note));
  return generalize(FileSamples::open(path, inputs, note));
}

} // namespace nibble::driver
