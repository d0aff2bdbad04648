// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nibble-opt as a function.

#ifndef NIBBLE_PYTHON_OPT_H
#define NIBBLE_PYTHON_OPT_H

#include <string>

namespace nibble::driver::python {

/// Runs `pipeline` on the module that `source` spells, and returns the result's text.
std::string opt(const std::string &source, const std::string &pipeline);

} // namespace nibble::driver::python

#endif // NIBBLE_PYTHON_OPT_H
