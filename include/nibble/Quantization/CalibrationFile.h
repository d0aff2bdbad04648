// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `.calib.json` side file.

#ifndef NIBBLE_QUANTIZATION_CALIBRATIONFILE_H
#define NIBBLE_QUANTIZATION_CALIBRATIONFILE_H

#include "nibble/Quantization/Calibration.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace nibble {

/// Writes schema version, model, hash, method and, sorted by name, each value's extremes, chosen range, histogram and
/// sums of channels (in units of 2^-20), in short lines, so that versions can be compared. The same measurements give
/// the same bytes.
void writeCalibration(const Calibration &calibration, llvm::raw_ostream &os);

/// Reads what writeCalibration wrote; errors name the entry at fault. Ranges are not read: they follow from the method.
llvm::Expected<Calibration> parseCalibration(llvm::StringRef text);
llvm::Expected<Calibration> readCalibrationFile(llvm::StringRef path);

} // namespace nibble

#endif // NIBBLE_QUANTIZATION_CALIBRATIONFILE_H
