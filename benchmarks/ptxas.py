# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What NVIDIA's assembler makes of a model's kernels: registers, spills, and the mix of machine instructions.

    ./dev ptxas model.so [--json]

`model.so` was compiled with `--target sm_NN`. Needs `ptxas`, and `nvdisasm` for the instructions, on PATH or of PyPI's
nvidia-cuda-nvcc and nvidia-cuda-nvdisasm in this environment. Neither is needed to compile or run a model.
"""
import argparse
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

# What each class of instructions is called in SASS.
CLASSES = {"IMMA": "tensor core, integers", "IDP": "dp4a", "FFMA": "fused multiply-add", "IMAD": "integer multiply-add",
           "LDG": "loads", "STG": "stores", "LDGSTS": "copies to shared memory", "LDS": "loads of shared memory",
           "STS": "stores to shared memory", "LDSM": "loads of matrices", "LDL": "loads of the stack", "STL": "stores to the stack"}


class Kernel(NamedTuple):
    name: str
    threads: int     # of a block
    registers: int   # of a thread
    stack_bytes: int
    spill_bytes: int # stored and loaded
    mix: Counter     # of CLASSES; empty without nvdisasm

    def blocks_by_registers(self) -> int:
        """How many blocks the registers of a multiprocessor are enough for: 65,536, given out to warps by 256."""
        warp = (self.registers * 32 + 255) // 256 * 256
        return 65536 // (warp * ((self.threads + 31) // 32))


def find_tool(name: str) -> str | None:
    """On PATH, or of a package of PyPI."""
    if found := shutil.which(name):
        return found
    spec = importlib.util.find_spec("nvidia")
    for folder in spec.submodule_search_locations if spec else []:
        for path in Path(folder).glob(f"*/bin/{name}"):
            path.chmod(path.stat().st_mode | 0o111)
            return str(path)
    return None


def read_ptx(library: Path) -> str:
    """The PTX in a compiled model."""
    data = Path(library).read_bytes()
    at = data.find(b".version")
    begin, end = data.rfind(b"\0", 0, at) + 1, data.find(b"\0", at)
    if at < 0 or b".entry" not in data[begin:end]:
        raise ValueError(f"{library} has no PTX: compile it with --target sm_80, or another of the GPUs that `nibble targets` lists")
    return data[begin:end].decode()


def count_instructions(cubin: Path) -> dict[str, Counter]:
    """The instructions of each kernel."""
    disassembler = find_tool("nvdisasm")
    if disassembler is None:
        return {}
    text = subprocess.run([disassembler, "-c", cubin], check=True, capture_output=True, text=True).stdout
    mixes: dict[str, Counter] = {}
    mix: Counter = Counter()
    for line in text.splitlines():
        if section := re.match(r"\.text\.(\w+):", line):
            mix = mixes.setdefault(section[1], Counter())
        elif instruction := re.match(r"\s+/\*[0-9a-f]+\*/\s+(?:@!?U?P\w+ )?([A-Z0-9]+)", line):
            mix[instruction[1]] += 1
    return mixes


def assemble(ptx: str, target: str) -> list[Kernel]:
    """The kernels as the assembler leaves them; a RuntimeError with its words where it refuses the text."""
    with tempfile.TemporaryDirectory() as folder:
        source, cubin = Path(folder) / "model.ptx", Path(folder) / "model.cubin"
        source.write_text(ptx)
        done = subprocess.run([find_tool("ptxas"), f"-arch={target}", "-v", source, "-o", cubin], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        mixes = count_instructions(cubin)
    threads = dict(re.findall(r"\.entry (\w+)\(.*?\.maxntid (\d+)", ptx, re.DOTALL))
    kernels = []
    for name, text in re.findall(r"Compiling entry function '(\w+)'.*?\n(.*?)(?=Compiling entry|\Z)", done.stderr, re.DOTALL):
        stack, stores, loads = map(int, re.search(
            r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", text).groups())
        kernels.append(Kernel(name, int(threads.get(name, 0)), int(re.search(r"Used (\d+) registers", text)[1]), stack,
                              stores + loads, mixes.get(name, Counter())))
    return sorted(kernels, key=lambda kernel: int(re.search(r"_k(\d+)_", kernel.name)[1]))


def make_table(kernels: list[Kernel]) -> Table:
    seen = [name for name in CLASSES if any(kernel.mix[name] for kernel in kernels)]
    table = Table(title="Kernels, and how many machine instructions of each class they consist of")
    table.add_column("kernel", overflow="fold")
    for name in ("threads", "registers", "blocks", "spills, B", *seen):
        table.add_column(name, justify="right")
    for kernel in kernels:
        table.add_row(re.sub(r"^\w+?_k\d+_", "", kernel.name), str(kernel.threads), str(kernel.registers),
                      str(kernel.blocks_by_registers()), str(kernel.spill_bytes or ""),
                      *(str(kernel.mix[name] or "") for name in seen))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--json", action="store_true", help="print the kernels as JSON")
    options = parser.parse_args()
    if find_tool("ptxas") is None:
        sys.exit("error: there is no ptxas on PATH: pip install nvidia-cuda-nvcc nvidia-cuda-nvdisasm")
    try:
        ptx = read_ptx(options.library)
        kernels = assemble(ptx, re.search(r"\.target (\w+)", ptx)[1])
    except (OSError, ValueError, RuntimeError) as error:
        sys.exit(f"error: {error}")
    if options.json:
        print(json.dumps([kernel._asdict() for kernel in kernels], indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 160).print(make_table(kernels))


if __name__ == "__main__":
    main()
