# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m nibble` and the installed `nibble`: the compiler driver that comes with the package."""

import os
import sys
from pathlib import Path


def main():
    driver = Path(__file__).parent / "bin" / "nibble"
    os.execv(driver, [str(driver), *sys.argv[1:]])


if __name__ == "__main__":
    main()
