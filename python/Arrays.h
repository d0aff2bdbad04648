// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// numpy arrays to ours and back, without a copy.

#ifndef NIBBLE_PYTHON_ARRAYS_H
#define NIBBLE_PYTHON_ARRAYS_H

#include "nibble/Support/Array.h"

#include <nanobind/nanobind.h>

namespace nibble::driver::python {

/// A dictionary of names and contiguous arrays. The result keeps the arrays alive.
NamedArrays toFeed(nanobind::dict feed);
nanobind::list fromArrays(const std::vector<Array> &arrays);

} // namespace nibble::driver::python

#endif // NIBBLE_PYTHON_ARRAYS_H
