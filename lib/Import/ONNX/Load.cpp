// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads and checks a model and the weights beside it.

#include "Model.h"

#include "onnx/checker.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

#include <climits>
#include <map>

using namespace nibble;
using namespace nibble::onnximport;
using llvm::StringRef;
using llvm::Twine;

Bytes nibble::onnximport::takeBytes(std::string &&data) {
  const std::string taken = std::move(data);
  return storeBytes(taken);
}

StringRef nibble::onnximport::nodeName(const onnx::NodeProto &node) {
  if (!node.name().empty() || node.output_size() == 0)
    return node.name();
  return node.output(0);
}

std::string nibble::onnximport::describe(const Model &model, const onnx::NodeProto &node) {
  std::string text = model.path + ": node '" + nodeName(node).str() + "' (" + node.op_type();
  if (!node.domain().empty())
    text += " of " + node.domain();
  auto it = model.opsets.find(node.domain());
  if (it != model.opsets.end())
    text += ", opset " + std::to_string(it->second);
  return text + ")";
}

std::string nibble::onnximport::operatorName(const std::string &domain, const std::string &op) {
  return domain.empty() ? op : domain + "." + op;
}

unsigned nibble::onnximport::bitWidth(const onnx::TensorProto &tensor) {
  switch (tensor.data_type()) {
  case onnx::TensorProto::DOUBLE:
  case onnx::TensorProto::INT64:
  case onnx::TensorProto::UINT64:
    return 64;
  case onnx::TensorProto::FLOAT:
  case onnx::TensorProto::INT32:
  case onnx::TensorProto::UINT32:
    return 32;
  case onnx::TensorProto::FLOAT16:
  case onnx::TensorProto::BFLOAT16:
  case onnx::TensorProto::INT16:
  case onnx::TensorProto::UINT16:
    return 16;
  case onnx::TensorProto::INT8:
  case onnx::TensorProto::UINT8:
  case onnx::TensorProto::BOOL:
  case onnx::TensorProto::FLOAT8E4M3FN:
  case onnx::TensorProto::FLOAT8E4M3FNUZ:
  case onnx::TensorProto::FLOAT8E5M2:
  case onnx::TensorProto::FLOAT8E5M2FNUZ:
  case onnx::TensorProto::FLOAT8E8M0:
    return 8;
  case onnx::TensorProto::FLOAT6E2M3:
  case onnx::TensorProto::FLOAT6E3M2:
    return 6;
  case onnx::TensorProto::FLOAT4E2M1:
  case onnx::TensorProto::INT4:
  case onnx::TensorProto::UINT4:
    return 4;
  case onnx::TensorProto::INT2:
  case onnx::TensorProto::UINT2:
    return 2;
  default:
    throw ImportError("tensor '" + tensor.name() + "' has element type " +
                      onnx::TensorProto::DataType_Name(onnx::TensorProto::DataType(tensor.data_type())) +
                      ", which is not supported");
  }
}

int64_t nibble::onnximport::byteSize(const onnx::TensorProto &tensor) {
  int64_t bits = bitWidth(tensor);
  for (int64_t extent : tensor.dims())
    if (extent < 0 || llvm::MulOverflow(bits, extent, bits))
      throw ImportError("tensor '" + tensor.name() + "' has an impossible shape");
  return llvm::divideCeil(bits, 8);
}

static Bytes openFile(StringRef path, const Twine &what) {
  llvm::Expected<Bytes> content = mapFile(path);
  if (!content)
    throw ImportError("cannot read " + what + ": " + llvm::toString(content.takeError()));
  return *content;
}

/// Adds bytes piece by piece.
template <typename Hash>
static void addBytes(Hash &hash, llvm::ArrayRef<char> bytes) {
  forEachPiece(bytes, [&](llvm::ArrayRef<char> piece) {
    hash.update(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(piece.data()), piece.size()));
  });
}

namespace {
/// The files beside a model that hold its weights; each is mapped once.
class ExternalFiles {
public:
  explicit ExternalFiles(StringRef modelPath) {
    llvm::SmallString<256> real;
    if (llvm::sys::fs::real_path(modelPath, real))
      real = modelPath;
    folder = llvm::sys::path::parent_path(real).str();
  }

  StringRef getFolder() const { return folder; }

  /// The bytes that an external tensor names; throws if they lie outside the model's folder or the file.
  Bytes read(const onnx::TensorProto &tensor);

  /// Adds names and contents of all files that were read.
  void addTo(llvm::SHA256 &hash) const;
  bool empty() const { return files.empty(); }
  int64_t countBytes() const {
    int64_t bytes = 0;
    for (const auto &[location, file] : files)
      bytes += file.size();
    return bytes;
  }

private:
  Bytes open(StringRef location, StringRef tensor);

  std::string folder;
  std::map<std::string, Bytes> files; // by location
};
} // namespace

void ExternalFiles::addTo(llvm::SHA256 &hash) const {
  for (const auto &[location, file] : files) {
    // Of gigabytes: twenty times faster than SHA-256.
    llvm::BLAKE3 content;
    addBytes(content, file.data);
    hash.update(StringRef(location.c_str(), location.size() + 1));
    hash.update(content.final());
  }
}

Bytes ExternalFiles::open(StringRef location, StringRef tensor) {
  if (auto known = files.find(location.str()); known != files.end())
    return known->second;
  std::string what = ("external data '" + location + "' of tensor '" + tensor + "'").str();
  llvm::SmallString<256> joined(folder), real;
  llvm::sys::path::append(joined, location);
  if (location.empty() || llvm::sys::path::is_absolute(location) ||
      llvm::is_contained(llvm::make_range(llvm::sys::path::begin(location), llvm::sys::path::end(location)), ".."))
    throw ImportError(what + " lies outside the model's folder", "only relative paths without '..' are read");
  if (std::error_code error = llvm::sys::fs::real_path(joined, real))
    throw ImportError("cannot read " + what + ": " + error.message());
  if (!StringRef(real).starts_with(folder + "/"))
    throw ImportError(what + " lies outside the model's folder", "it is a link to '" + real + "'");
  if (!llvm::sys::fs::is_regular_file(real))
    throw ImportError(what + " is not a regular file");
  return files[location.str()] = openFile(real, what);
}

/// The number in entry `key` of an external tensor.
static int64_t parseEntry(const onnx::StringStringEntryProto &entry, StringRef tensor) {
  int64_t number;
  if (StringRef(entry.value()).getAsInteger(10, number) || number < 0)
    throw ImportError("tensor '" + tensor + "' has external " + entry.key() + " '" + entry.value() +
                      "', expected a number");
  return number;
}

Bytes ExternalFiles::read(const onnx::TensorProto &tensor) {
  StringRef location;
  int64_t offset = 0, size = byteSize(tensor), length = size;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset")
      offset = parseEntry(entry, tensor.name());
    else if (entry.key() == "length")
      length = parseEntry(entry, tensor.name());
  }
  Bytes file = open(location, tensor.name());
  if (length != size)
    throw ImportError("tensor '" + tensor.name() + "' has " + Twine(length) + " bytes of external data, expected " +
                      Twine(size));
  int64_t available = file.size();
  if (offset > available || size > available - offset)
    throw ImportError("tensor '" + tensor.name() + "' needs bytes " + Twine(offset) + " to " + Twine(offset + size) +
                      " of '" + location + "', which has " + Twine(available));
  return {file.data.slice(offset, size), file.owner};
}

/// While it lives, all outputs have a shape: ONNX's checker asks for one, other programs do not.
namespace {
class ShapedOutputs {
public:
  explicit ShapedOutputs(onnx::GraphProto &graph) {
    for (onnx::ValueInfoProto &output : *graph.mutable_output())
      if (output.type().has_tensor_type() && !output.type().tensor_type().has_shape()) {
        shapeless.push_back(output.mutable_type()->mutable_tensor_type());
        shapeless.back()->mutable_shape();
      }
  }
  ~ShapedOutputs() {
    for (onnx::TypeProto::Tensor *type : shapeless)
      type->clear_shape();
  }

private:
  std::vector<onnx::TypeProto::Tensor *> shapeless;
};
} // namespace

/// Runs ONNX's checker; external data is sought in `folder`.
static void check(onnx::ModelProto &proto, StringRef folder) {
  ShapedOutputs shaped(*proto.mutable_graph());
  onnx::checker::CheckerContext context;
  std::unordered_map<std::string, int> opsets;
  for (const onnx::OperatorSetIdProto &opset : proto.opset_import())
    opsets[opset.domain()] = static_cast<int>(opset.version());
  if (opsets.empty())
    throw ImportError("the model declares no opset");
  context.set_ir_version(static_cast<int>(proto.ir_version()));
  context.set_opset_imports(opsets);
  context.set_model_dir(folder.str());
  onnx::checker::LexicalScopeContext scope;
  onnx::checker::check_function_call_cycles(proto);
  onnx::checker::check_model_local_functions(proto, context, scope);
  onnx::checker::check_graph(proto.graph(), context, scope);
}

/// Reads external initializers and checks the sizes of the others.
static void loadWeights(Model &model, ExternalFiles &files) {
  for (onnx::TensorProto &tensor : *model.proto.mutable_graph()->mutable_initializer()) {
    if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
      model.weights[tensor.name()] = files.read(tensor);
    } else if (tensor.has_raw_data() && tensor.data_type() != onnx::TensorProto::STRING) {
      int64_t size = byteSize(tensor);
      if (int64_t(tensor.raw_data().size()) != size)
        throw ImportError("tensor '" + tensor.name() + "' has " + Twine(tensor.raw_data().size()) +
                          " bytes of data, expected " + Twine(size));
    }
  }
}

/// The SHA-256 of the model's file; of that and of the other files' names and contents, if weights lie there.
static std::string hashModel(llvm::ArrayRef<char> content, const ExternalFiles &files) {
  llvm::SHA256 own;
  addBytes(own, content);
  std::array<uint8_t, 32> digest = own.final();
  if (!files.empty()) {
    llvm::SHA256 all;
    all.update(digest);
    files.addTo(all);
    digest = all.final();
  }
  return llvm::toHex(digest, /*LowerCase=*/true);
}

namespace {
/// Gives the memory of what was parsed back.
class PieceStream : public google::protobuf::io::ArrayInputStream {
public:
  explicit PieceStream(llvm::ArrayRef<char> bytes)
      : ArrayInputStream(bytes.data(), static_cast<int>(bytes.size()), /*block_size=*/1 << 20), bytes(bytes) {}
  bool Next(const void **data, int *size) override {
    releasePages(bytes.take_front(ByteCount()));
    return ArrayInputStream::Next(data, size);
  }

private:
  llvm::ArrayRef<char> bytes;
};
} // namespace

static void parse(onnx::ModelProto &proto, llvm::ArrayRef<char> bytes) {
  if (int64_t(bytes.size()) >= (2048LL << 20))
    throw ImportError("the file has " + Twine(bytes.size()) + " bytes, the format allows fewer than 2 GiB",
                      "save the weights as external data beside the model");
  PieceStream pieces(bytes);
  google::protobuf::io::CodedInputStream coded(&pieces);
  coded.SetTotalBytesLimit(INT_MAX);
  const bool isParsed = proto.ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
  releasePages(bytes);
  if (!isParsed || !proto.has_graph())
    throw ImportError("not an ONNX model, or truncated (" + Twine(bytes.size()) + " bytes)");
}

std::unique_ptr<Model> nibble::onnximport::loadModel(StringRef path) {
  auto model = std::make_unique<Model>();
  model->path = path.str();
  if (llvm::sys::fs::is_directory(path))
    throw ImportError("cannot read the model: it is a directory");
  const Bytes content = openFile(path, "the model");
  parse(model->proto, content.data);
  for (onnx::OperatorSetIdProto &opset : *model->proto.mutable_opset_import()) {
    if (opset.domain() == "ai.onnx")
      opset.clear_domain();
    model->opsets[opset.domain()] = opset.version();
  }
  hoistInitializers(model->proto);
  ExternalFiles files(path);
  loadWeights(*model, files);
  check(model->proto, files.getFolder());
  model->hash = hashModel(content.data, files);
  model->externalBytes = files.countBytes();
  return model;
}
