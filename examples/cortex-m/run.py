#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Links a compiled model with the program of this folder and runs it on an emulated board.

    nibble compile model.onnx --calib data.npz --target cortex-m4 --emit a --name model -o model.a
    python run.py model.a --target cortex-m4 --input in.bin --output out.bin

`in.bin` has the bytes of the inputs, one sample after another; `out.bin` gets those of the outputs. Printed are the
executed instructions of the last run, its stack, and the sizes of what was linked.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
KILO = 1024

class Board(NamedTuple):
    """An emulated board, and how the program is compiled for it."""
    clang: tuple[str, ...]
    machine: str
    flash: int
    flash_bytes: int
    ram: int
    ram_bytes: int
    tick: str  # executed instructions (nanoseconds) of a tick of its counter
    folder: Path = HERE  # with its machine.h and vectors.c
    emulator: str = "qemu-system-arm"
    emulator_options: tuple[str, ...] = ()


def arm(triple, cpu):
    return (f"--target={triple}", f"-mcpu={cpu}", "-mfloat-abi=soft")


# One of each target's name, and others that have its processor.
BOARDS = {
    "cortex-m0": Board(arm("thumbv6m-none-eabi", "cortex-m0"), "mps2-an385", 0, 4096 * KILO, 0x20000000, 4096 * KILO, "40"),
    "cortex-m3": Board(arm("thumbv7m-none-eabi", "cortex-m3"), "mps2-an385", 0, 4096 * KILO, 0x20000000, 4096 * KILO, "40"),
    "cortex-m4": Board(arm("thumbv7em-none-eabi", "cortex-m4"), "mps2-an386", 0, 4096 * KILO, 0x20000000, 4096 * KILO, "40"),
    "cortex-m33": Board(arm("thumbv8m.main-none-eabi", "cortex-m33"), "mps2-an505", 0x10000000, 4096 * KILO, 0x38000000,
                        4096 * KILO, "50"),
    "cortex-m55": Board(arm("thumbv8.1m.main-none-eabi", "cortex-m55"), "mps3-an547", 0, 512 * KILO, 0x20000000, 512 * KILO,
                        "125/4"),
    "microbit": Board(arm("thumbv6m-none-eabi", "cortex-m0"), "microbit", 0, 256 * KILO, 0x20000000, 16 * KILO, "125/2"),
    "rv32imc": Board(("--target=riscv32-unknown-elf", "-march=rv32imc_zicsr", "-mabi=ilp32"), "virt", 0x80000000,
                     4096 * KILO, 0x80400000, 4096 * KILO, "1", HERE.parent / "riscv", "qemu-system-riscv32",
                     ("-bios", "none")),
}


# By what main.c returns, if it is not a model's status.
FAILURES = {101: "the model has more than 8 inputs or outputs", 102: "the inputs and outputs need more than --port-bytes",
            103: "in.bin or out.bin cannot be opened", 104: "out.bin cannot be written",
            105: "the input ends within a sample"}


def find(*names):
    """The first of some programs that is installed."""
    for name in names:
        if shutil.which(name):
            return name
    sys.exit(f"error: none of {', '.join(names)} is installed")


def build(library, board, folder, port_bytes):
    """Links `library` and the program: the path of the image."""
    board = BOARDS[board]
    header = library.with_suffix(".h")
    arena, text = re.search(r"#define (\w+_ARENA_BYTES)(.*)", header.read_text(), re.DOTALL).groups()
    name = re.search(r"(\w+)_describe\(void\)", text)[1]
    clang = find("clang-22", "clang")
    memory = [f"-DFLASH_ORIGIN={board.flash}", f"-DFLASH_BYTES={board.flash_bytes}", f"-DRAM_ORIGIN={board.ram}",
              f"-DRAM_BYTES={board.ram_bytes}"]
    subprocess.run([clang, "-E", "-P", "-x", "c", *memory, HERE / "link.ld", "-o", folder / "link.ld"], check=True)
    objects = []
    for source in (board.folder / "vectors.c", HERE / "start.c", HERE / "main.c"):
        objects.append(folder / f"{source.name}.o")
        subprocess.run([clang, *board.clang, "-Os", "-ffreestanding", "-fno-builtin", "-nostdlibinc", "-Wall", "-Wextra",
                        "-Werror", f"-I{board.folder}", f"-I{HERE}", f"-DMODEL={name}",
                        f'-DMODEL_HEADER="{header.resolve()}"', f"-DMODEL_ARENA_BYTES={arena}", f"-DTICK={board.tick}",
                        f"-DPORT_BYTES={port_bytes}", "-c", source, "-o", objects[-1]], check=True)
    image = folder / "image.elf"
    subprocess.run([find("ld.lld-22", "ld.lld"), "-T", folder / "link.ld", *objects, library, "--gc-sections",
                    "-o", image], check=True)
    return image


def run(library, board, data, port_bytes=64 * KILO):
    """Runs all samples of `data`: the outputs' bytes, and what the program printed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        image = build(Path(library), board, folder, port_bytes)
        (folder / "in.bin").write_bytes(data)
        emulator = BOARDS[board]
        done = subprocess.run([find(emulator.emulator), "-machine", emulator.machine, *emulator.emulator_options,
                               "-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config",
                               "enable=on,target=native", "-icount", "shift=0", "-kernel", image],
                              cwd=folder, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            what = FAILURES.get(done.returncode, f"the program ended with status {done.returncode}")
            raise RuntimeError(f"{what} {done.stdout}{done.stderr}".strip())
        printed = dict(re.findall(r"^(\w+) (\d+)$", done.stdout + done.stderr, re.MULTILINE))
        return (folder / "out.bin").read_bytes(), {name: int(value) for name, value in printed.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path, help="what nibble compile --emit a wrote, its header beside it")
    parser.add_argument("--target", required=True, choices=BOARDS)
    parser.add_argument("--input", required=True, type=Path)
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("--port-bytes", type=int, default=64 * KILO, help="memory for inputs and outputs")
    options = parser.parse_args()
    try:
        output, printed = run(options.library, options.target, options.input.read_bytes(), options.port_bytes)
        options.output.write_bytes(output)
    except subprocess.CalledProcessError as failed:
        sys.exit(f"error: {failed.cmd[0]} failed: is the library for {options.target}, and is there memory for its arena, "
                 f"--port-bytes ({options.port_bytes:,}) and the stack?")
    except (OSError, RuntimeError) as failed:
        sys.exit(f"error: {failed}")
    for name, value in printed.items():
        print(f"{name}: {value:,}")


if __name__ == "__main__":
    main()
