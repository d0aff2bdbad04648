# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which GPU this machine has, and where models for one run otherwise: in the emulator of the build."""
import ctypes
import os
import sys
from pathlib import Path
from typing import NamedTuple

import nibble

EMULATOR = Path(nibble.__file__).parents[2] / "emulator"


class Device(NamedTuple):
    name: str
    capability: int  # 10 * major + minor
    driver: int      # as cuDriverGetVersion spells it

    def runs(self, target: str) -> bool:
        return self.capability >= int(target.removeprefix("sm_"))


def find_device() -> Device | None:
    """The first device of NVIDIA's driver, None where there is none."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    device, version, major, minor = (ctypes.c_int() for _ in range(4))
    if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), 0):
        return None
    cuda.cuDriverGetVersion(ctypes.byref(version))
    for attribute, value in ((75, major), (76, minor)):
        cuda.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
    text = ctypes.create_string_buffer(256)
    cuda.cuDeviceGetName(text, len(text), device)
    return Device(text.value.decode(), 10 * major.value + minor.value, version.value)


def need_device() -> Device:
    """The first device, or an error that ends the program."""
    device = find_device()
    if device is None:
        sys.exit("error: no CUDA device: libcuda.so.1 cannot be opened or finds none; install NVIDIA's driver")
    return device


def main() -> None:
    device = need_device()
    print(f"{device.name}, compute capability {device.capability / 10}, driver {device.driver // 1000}.{device.driver % 1000 // 10}")


def emulated(settings: str) -> dict:
    """The environment of a process that runs models for a GPU in the emulator, whose settings tools/cuda-emulator lists."""
    paths = f"{EMULATOR}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    return os.environ | {"LD_LIBRARY_PATH": paths, "NIBBLE_EMULATED_GPU": settings}


if __name__ == "__main__":
    main()
