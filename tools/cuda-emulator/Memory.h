// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The device's memory: allocations, and who touched which byte last.

#ifndef PTX_MEMORY_H
#define PTX_MEMORY_H

#include <cstdint>
#include <vector>

namespace ptx {

/// Tags of the last writer and the last readers of each byte (see Shadow.h).
struct Tags {
  uint32_t *written = nullptr, *read = nullptr;
};

struct Allocation {
  uint64_t begin = 0, bytes = 0; // device addresses
  uint8_t *data = nullptr;
  Tags tags; // one for each byte, pages that no launch touches cost nothing
  bool constant = false;
  bool adopted = false; // somebody else's
};

/// Addresses of the device are the host's plus a bias: the host cannot use them by mistake, and a kernel cannot use the
/// host's.
class Memory {
public:
  static constexpr uint64_t bias = uint64_t(1) << 56;
  static constexpr uint64_t alignment = 512; // of what is allocated, as the driver does

  Memory() = default;
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;
  ~Memory();

  /// 0 where the host has no memory left. What is allocated holds 0xA5, which no test takes for zeros.
  uint64_t allocate(uint64_t bytes, bool constant = false);
  /// Makes `bytes` of the host's memory the device's too, at their address plus the bias. Races are not looked for
  /// there.
  void adopt(uint8_t *data, uint64_t bytes);
  /// False where no allocation begins there.
  bool release(uint64_t address);
  /// The live allocation that has this byte, or null.
  const Allocation *find(uint64_t address) const;
  /// The host's address of `bytes` bytes in one allocation, or null.
  uint8_t *host(uint64_t address, uint64_t bytes) const;

  /// Tags for all allocations. Tags of a launch are above those of all launches before.
  void prepareTags();
  /// Forgets all that was touched.
  void clearTags();
  uint32_t nextTag = 1;

  uint64_t allocatedBytes = 0;

private:
  std::vector<Allocation> allocations; // sorted by address
};

} // namespace ptx

#endif
