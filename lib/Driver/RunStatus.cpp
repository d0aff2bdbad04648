// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RunStatus.h"
#include "nibble/Runtime/nibble_abi.h"

using namespace llvm;

namespace nibble::driver {

/// The statuses of models for CUDA devices, which tell of the machine, not of a caller's mistake.
static Error checkDeviceStatus(int32_t status, StringRef isa) {
  switch (status) {
  case NIBBLE_ERROR_DEVICE_MISSING:
    return makeError("no CUDA device: libcuda.so.1 cannot be opened or finds none; the model was compiled for " + isa +
                     ": install NVIDIA's driver, or compile the model for this processor with --target");
  case NIBBLE_ERROR_DRIVER_TOO_OLD:
    return makeError("NVIDIA's driver is too old to compile the model's code for " + isa +
                     ": install a newer one, or compile the model for an older device with --target");
  case NIBBLE_ERROR_DEVICE_UNSUPPORTED:
    return makeError("the CUDA device is less capable than " + isa +
                     ", which the model was compiled for: compile it for this device with --target");
  case NIBBLE_ERROR_DEVICE_MEMORY:
    return makeError("the CUDA device has too little free memory for the model's weights, arena, inputs and outputs: "
                     "end other programs that use it, or take smaller inputs");
  case NIBBLE_ERROR_DEVICE:
    return makeError("a call of NVIDIA's driver failed (the system's log, dmesg, tells of Xid errors): start the "
                     "program again");
  default:
    return Error::success();
  }
}

Error checkStatus(int32_t status, StringRef isa) {
  static constexpr StringLiteral reasons[] = {"",
                                              "another version of the interface",
                                              "a null pointer",
                                              "too small an arena",
                                              "a misaligned arena",
                                              "dimensions that it refuses",
                                              "that the thread rounds or flushes floating-point numbers in another way "
                                              "than the default",
                                              "that the processor has none of its instruction sets",
                                              "unlike buffers of an input and an output that are one state"};
  if (status == NIBBLE_OK)
    return Error::success();
  if (Error error = checkDeviceStatus(status, isa))
    return error;
  bool isKnown = status > 0 && size_t(status) < std::size(reasons);
  return makeError("the model's run function reports " + (isKnown ? reasons[status] : "an unknown error") + " (" +
                   Twine(status) + ")");
}

} // namespace nibble::driver
