// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Objects loaded into this process.

#ifndef NIBBLE_TARGET_JIT_H
#define NIBBLE_TARGET_JIT_H

#include "nibble/Target/Object.h"
#include <memory>
#include <vector>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace nibble {

/// The objects of one program, linked in memory by ORC; data stay where they are.
class JITLibrary {
public:
  static llvm::Expected<std::unique_ptr<JITLibrary>> load(llvm::ArrayRef<ObjectBytes> objects,
                                                          llvm::ArrayRef<RawData> data = {});
  ~JITLibrary();

  /// The address of a symbol; an error names it if there is none.
  llvm::Expected<void *> lookup(llvm::StringRef symbol);

  llvm::ArrayRef<StoredBytes> getData() const { return data; }

  template <typename Function>
  llvm::Expected<Function *> lookupFunction(llvm::StringRef symbol) {
    llvm::Expected<void *> address = lookup(symbol);
    if (!address)
      return address.takeError();
    return reinterpret_cast<Function *>(*address);
  }

private:
  explicit JITLibrary(std::unique_ptr<llvm::orc::LLJIT> jit);
  std::vector<StoredBytes> data;
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace nibble

#endif // NIBBLE_TARGET_JIT_H
