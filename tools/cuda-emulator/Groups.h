// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opcodes that integers and floats share are decoded by type, each in its file.

#ifndef PTX_GROUPS_H
#define PTX_GROUPS_H

#include "Lanes.h"

namespace ptx {

void floatAdd(Decoder &d, Type type);
void floatSub(Decoder &d, Type type);
void floatMul(Decoder &d, Type type);
void floatFma(Decoder &d, Type type);
void floatDiv(Decoder &d, Type type);
void floatNeg(Decoder &d, Type type);
void floatAbs(Decoder &d, Type type);
void floatMin(Decoder &d, Type type);
void floatMax(Decoder &d, Type type);

} // namespace ptx

#endif
