// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace ptx;

static void releaseTags(Allocation &allocation) {
  std::free(allocation.tags.written);
  std::free(allocation.tags.read);
  allocation.tags = {};
}

Memory::~Memory() {
  for (Allocation &allocation : allocations) {
    releaseTags(allocation);
    if (!allocation.adopted)
      std::free(allocation.data);
  }
}

static std::vector<Allocation>::iterator behind(std::vector<Allocation> &all, uint64_t address) {
  return std::upper_bound(all.begin(), all.end(), address,
                          [](uint64_t value, const Allocation &one) { return value < one.begin; });
}

uint64_t Memory::allocate(uint64_t bytes, bool constant) {
  uint64_t rounded = (std::max<uint64_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  if (rounded < bytes)
    return 0;
  auto *data = static_cast<uint8_t *>(std::aligned_alloc(alignment, rounded));
  if (!data)
    return 0;
  std::memset(data, 0xA5, rounded);
  Allocation made;
  made.begin = reinterpret_cast<uint64_t>(data) + bias;
  made.bytes = bytes;
  made.data = data;
  made.constant = constant;
  allocations.insert(behind(allocations, made.begin), made);
  allocatedBytes += bytes;
  return made.begin;
}

void Memory::adopt(uint8_t *data, uint64_t bytes) {
  Allocation made;
  made.begin = reinterpret_cast<uint64_t>(data) + bias;
  made.bytes = bytes;
  made.data = data;
  made.adopted = true;
  allocations.insert(behind(allocations, made.begin), made);
}

bool Memory::release(uint64_t address) {
  auto it = behind(allocations, address);
  if (it == allocations.begin() || (--it)->begin != address)
    return false;
  allocatedBytes -= it->bytes;
  releaseTags(*it);
  std::free(it->data);
  allocations.erase(it);
  return true;
}

const Allocation *Memory::find(uint64_t address) const {
  auto &all = const_cast<std::vector<Allocation> &>(allocations);
  auto it = behind(all, address);
  if (it == all.begin() || address - (--it)->begin >= it->bytes)
    return nullptr;
  return &*it;
}

uint8_t *Memory::host(uint64_t address, uint64_t bytes) const {
  const Allocation *found = find(address);
  if (!found || bytes > found->bytes - (address - found->begin))
    return nullptr;
  return found->data + (address - found->begin);
}

void Memory::prepareTags() {
  for (Allocation &one : allocations) {
    if (!one.tags.written && !one.constant && !one.adopted) {
      one.tags.written = static_cast<uint32_t *>(std::calloc(one.bytes + 1, sizeof(uint32_t)));
      one.tags.read = static_cast<uint32_t *>(std::calloc(one.bytes + 1, sizeof(uint32_t)));
      if (!one.tags.written || !one.tags.read)
        releaseTags(one); // unchecked where memory is short
    }
  }
}

void Memory::clearTags() {
  for (Allocation &one : allocations)
    releaseTags(one);
  prepareTags();
  nextTag = 1;
}
