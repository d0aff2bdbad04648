# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lit configuration of the example: `lit -Dplugin=build/Probe.so -Dtools=<prefix>/bin test`."""
import os

import lit.formats

config.name = "Probe"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = os.path.dirname(__file__)
config.environment["PATH"] = os.pathsep.join([lit_config.params["tools"], config.environment.get("PATH", "")])
config.substitutions.append(("%plugin", lit_config.params["plugin"]))
