# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lit configuration; run as `lit <build>/test`."""
import os
import shutil
import sys

import lit.formats

config.name = "Nibble"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "Python"]
config.test_source_root = os.path.join(config.nibble_source, "test")
config.test_exec_root = os.path.join(config.nibble_build, "test")

# The last one holds lit itself, which a test of the examples runs.
bin_dirs = [os.path.join(config.nibble_build, "bin"), config.llvm_tools, os.path.dirname(os.path.abspath(sys.argv[0]))]
config.environment["PATH"] = os.pathsep.join(bin_dirs + [config.environment.get("PATH", "")])
config.environment["FILECHECK_OPTS"] = "--enable-var-scope"
if shutil.which("qemu-x86_64-static") and shutil.which("qemu-aarch64-static"):
    config.available_features.add("qemu")
config.substitutions.append(("%cxx", config.cxx))
config.substitutions.append(("%cc", config.cc))
config.substitutions.append(("%python", config.python))
config.substitutions.append(("%nibble_src", config.nibble_source))
config.substitutions.append(("%nibble_build", config.nibble_build))
