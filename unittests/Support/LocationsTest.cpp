// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Support/Locations.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;

TEST(Locations, RoundTrip) {
  MLIRContext context;
  Location loc = nibble::getNodeLoc(&context, "conv_1", "features");
  EXPECT_EQ(nibble::getNodeName(loc), "conv_1");
  EXPECT_EQ(nibble::getValueName(loc), "features");
}

TEST(Locations, NoneElsewhere) {
  MLIRContext context;
  EXPECT_EQ(nibble::getNodeName(UnknownLoc::get(&context)), "");
  EXPECT_EQ(nibble::getValueName(FileLineColLoc::get(&context, "a.mlir", 1, 2)), "");
}

TEST(Locations, LastOfFused) {
  MLIRContext context;
  Location fused = FusedLoc::get(&context, {nibble::getNodeLoc(&context, "conv", "a"),
                                            nibble::getNodeLoc(&context, "relu", "b"), UnknownLoc::get(&context)});
  EXPECT_EQ(nibble::getNodeName(fused), "relu");
  EXPECT_EQ(nibble::getValueName(fused), "b");
}
