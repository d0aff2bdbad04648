// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// numpy's .npy and .npz files.

#ifndef NIBBLE_SUPPORT_NPZ_H
#define NIBBLE_SUPPORT_NPZ_H

#include "nibble/Support/Array.h"

#include "llvm/Support/Error.h"

#include <memory>

namespace nibble {

/// Arrays of one .npz file (or the only one of a .npy file, named ""), read on
/// demand. Every error names the file and the entry.
class NpzFile {
public:
  static llvm::Expected<std::unique_ptr<NpzFile>> open(llvm::StringRef path);
  ~NpzFile();

  struct Header {
    std::string name;
    ElementKind kind;
    llvm::SmallVector<int64_t, 4> shape;
  };
  llvm::ArrayRef<Header> entries() const;

  /// The whole array.
  llvm::Expected<Array> read(unsigned index);

  /// Rows of an array one after another, in memory for these rows alone: the
  /// next `count` elements of its first dimension, fewer at its end, none after
  /// it. It must not outlive the file.
  class Rows {
  public:
    ~Rows();
    llvm::Expected<Array> next(int64_t count);

  private:
    friend class NpzFile;
    struct Impl;
    explicit Rows(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl;
  };
  llvm::Expected<std::unique_ptr<Rows>> rows(unsigned index);

private:
  struct Impl;
  explicit NpzFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

/// All arrays of a .npz file.
llvm::Expected<NamedArrays> readNpz(llvm::StringRef path);
/// The array of a .npy file.
llvm::Expected<Array> readNpy(llvm::StringRef path);

llvm::Error writeNpz(llvm::StringRef path, const NamedArrays &arrays);
llvm::Error writeNpy(llvm::StringRef path, const Array &array);

} // namespace nibble

#endif // NIBBLE_SUPPORT_NPZ_H
