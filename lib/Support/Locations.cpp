// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of ONNX nodes and values in locations.

#include "nibble/Support/Locations.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

Location nibble::getNodeLoc(MLIRContext *context, StringRef node, StringRef value) {
  return NameLoc::get(StringAttr::get(context, node), NameLoc::get(StringAttr::get(context, value)));
}

/// The name location of a node: a name whose child is a name. Callers' frames and fused parts are looked through.
static NameLoc findNode(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return isa<NameLoc>(name.getChildLoc()) ? name : NameLoc();
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return findNode(call.getCallee());
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : llvm::reverse(fused.getLocations()))
      if (NameLoc node = findNode(part))
        return node;
  return NameLoc();
}

StringRef nibble::getNodeName(Location loc) {
  NameLoc node = findNode(loc);
  return node ? node.getName().strref() : StringRef();
}

StringRef nibble::getValueName(Location loc) {
  NameLoc node = findNode(loc);
  return node ? cast<NameLoc>(node.getChildLoc()).getName().strref() : StringRef();
}
