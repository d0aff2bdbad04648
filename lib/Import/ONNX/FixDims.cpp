// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Extents that the file leaves open and the user gives.

#include "Model.h"

#include "llvm/ADT/StringExtras.h"

using namespace nibble::onnximport;
using llvm::Twine;

std::string nibble::onnximport::nameDim(const onnx::ValueInfoProto &input, int axis) {
  const onnx::TensorShapeProto::Dimension &dim = input.type().tensor_type().shape().dim(axis);
  return dim.dim_param().empty() ? input.name() + "." + std::to_string(axis) : dim.dim_param();
}

void nibble::onnximport::fixDims(Model &model, const std::map<std::string, int64_t> &dims) {
  llvm::StringSet<> unused, open;
  for (const auto &[name, extent] : dims)
    unused.insert(name);
  for (onnx::ValueInfoProto &input : *model.proto.mutable_graph()->mutable_input()) {
    if (!input.type().tensor_type().has_shape())
      continue;
    for (int axis = 0; axis < input.type().tensor_type().shape().dim_size(); ++axis) {
      const std::string name = nameDim(input, axis);
      onnx::TensorShapeProto::Dimension &dim =
          *input.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(axis);
      if (dim.has_dim_value())
        continue;
      open.insert(name);
      unused.erase(name);
      if (auto it = dims.find(name); it != dims.end())
        dim.set_dim_value(it->second);
    }
  }
  if (unused.empty())
    return;
  std::vector<std::string> names;
  for (const auto &each : open)
    names.push_back("'" + each.getKey().str() + "'");
  llvm::sort(names);
  throw ImportError("no input has an unknown extent '" + unused.begin()->getKey() + "'",
                    names.empty() ? Twine("all extents of the inputs are fixed")
                                  : "the unknown extents are " + llvm::join(names, ", "));
}
