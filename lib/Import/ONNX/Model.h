// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An ONNX model as files hold it, and brought to the canonical opset.

#ifndef NIBBLE_LIB_IMPORT_ONNX_MODEL_H
#define NIBBLE_LIB_IMPORT_ONNX_MODEL_H

#include "nibble/Support/StoredBytes.h"

#include "onnx/onnx_pb.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/Twine.h"

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace nibble::onnximport {

/// The opset of ONNX's own domain that everything is brought to before translation.
constexpr int64_t kCanonicalOpset = 28;

/// The domain of operators that mean what they did in the file's opset.
constexpr char kLegacyDomain[] = "nibble.legacy";

/// Why a model cannot be imported. Thrown and caught inside this folder only.
struct ImportError : std::runtime_error {
  explicit ImportError(const llvm::Twine &message, const llvm::Twine &note = "")
      : std::runtime_error(message.str()), note(note.str()) {}
  std::string note;
  /// Names of the node and of its first result, if one is to blame.
  std::string node, value;
};

/// Bytes of a weight, and what keeps them alive.
using Bytes = StoredBytes;

/// Bytes that a string held, which goes.
Bytes takeBytes(std::string &&data);

struct Model {
  std::string path;
  /// SHA-256 of the file, in hexadecimal. If weights lie in other files: of these 32 bytes and, for each file in the
  /// order of their names, its name, a zero byte and its BLAKE3 of 32 bytes.
  std::string hash;
  /// Sizes of the other files that weights lie in.
  int64_t externalBytes = 0;
  onnx::ModelProto proto;
  /// Opset of each domain, as the file declares it.
  llvm::StringMap<int64_t> opsets;
  /// Inputs that have a value unless the caller gives another: they are taken as constants.
  std::vector<std::string> defaults;
  /// Inputs of optional tensors: a compiled model is always given them.
  std::vector<std::string> optionals;
  /// What the file says of the outputs' types, of which only the graph decides.
  std::vector<onnx::TypeProto> declared;
  /// Initializers' bytes, which `proto` no longer holds.
  llvm::StringMap<Bytes> weights;
};

/// Bits of an element as files hold it, where those of fewer than 8 are packed; throws if the type has no fixed size.
unsigned bitWidth(const onnx::TensorProto &tensor);

/// Number of bytes that hold `tensor`'s values; throws if its extents are negative or absurd, or its type has no fixed
/// size.
int64_t byteSize(const onnx::TensorProto &tensor);

/// The operation that a node's diagnostics name: "model.onnx: node 'conv1' (Conv, opset 9)".
std::string describe(const Model &model, const onnx::NodeProto &node);

/// Name of a node; that of its first output, if it has none of its own.
llvm::StringRef nodeName(const onnx::NodeProto &node);

/// The name of an unknown extent of `input`, a tensor; one without a name in the file equals no other.
std::string nameDim(const onnx::ValueInfoProto &input, int axis);

/// Gives unknown extents of inputs the values in `dims`, of which each must name one.
void fixDims(Model &model, const std::map<std::string, int64_t> &dims);

/// Calls `visit` on `graph` and on the graphs of its nodes, outer ones first.
void forEachGraph(onnx::GraphProto &graph, llvm::function_ref<void(onnx::GraphProto &)> visit);

/// Gives nodes the default attributes that bodies of ONNX's functions refer to.
void fillDefaults(onnx::ModelProto &proto);

/// Makes the subgraphs' initializers the main graph's: weights have one place then, and names that tell them apart.
void hoistInitializers(onnx::ModelProto &proto);

/// Reads, checks and hashes the file at `path`; weights in other files are mapped.
std::unique_ptr<Model> loadModel(llvm::StringRef path);

/// "Conv", "com.microsoft.QGemm".
std::string operatorName(const std::string &domain, const std::string &op);

/// Converts a model to the canonical opset.
void convertOpset(Model &model);

/// Inlines functions, converts to the canonical opset and infers types. Weights leave the message first. Operators that
/// ONNX defines by others are replaced by these where `hasForm` does not know them.
void canonicalize(Model &model, llvm::function_ref<bool(llvm::StringRef)> hasForm);

} // namespace nibble::onnximport

#endif // NIBBLE_LIB_IMPORT_ONNX_MODEL_H
