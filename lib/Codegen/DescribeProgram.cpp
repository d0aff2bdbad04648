// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a person may want to know of a program: its calls, its memory, its inputs and outputs.

#include "ProgramEmitter.h"

#include "nibble/Dialect/UKernel/Control.h"
#include "nibble/Support/Array.h"
#include "nibble/Support/Locations.h"
#include "nibble/Support/PortAttrs.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace nibble;
using namespace nibble::ukernel;

// The value whose memory `value` is a view of.
static Value getRoot(Value value) {
  while (auto view = value.getDefiningOp<ViewOp>())
    value = view.getInput();
  return value;
}

namespace {
class ProgramDescriber {
public:
  ProgramDescriber(const Program &program, CompiledModel &model) : program(program), model(model) {}
  void describeCalls(const kernels::ISA &isa);
  void describePorts(bool inputs);

private:
  void addCall(KernelOp kernel, const kernels::ISA &isa);
  void describeControl(Operation *op, const kernels::ISA &isa);
  void describeCalls(Block &block, const kernels::ISA &isa);
  void addObserved(ukernel::ObserveOp observe);

  const Program &program;
  CompiledModel &model;
  llvm::DenseMap<Value, size_t> bufferOf; // position in model.buffers
};
} // namespace

void ProgramDescriber::addCall(KernelOp kernel, const kernels::ISA &isa) {
  Operation *op = kernel;
  int64_t position = model.kernels.size();
  auto type = cast<BufferType>(op->getResult(0).getType());
  KernelCall call;
  call.kernel = kernel.getKernelName(isa);
  call.node = getNodeName(op->getLoc()).str();
  call.value = getValueName(op->getLoc()).str();
  call.tiles = evaluateUsually(kernel.getTileCount());
  if (llvm::isa<ukernel::LoopOp, ukernel::IfOp>(op->getParentOp()))
    call.kernel += kInControl;
  call.fillsHalo = type.hasHalo();
  llvm::raw_string_ostream(call.result) << type;
  model.kernels.push_back(std::move(call));
  for (Value operand : op->getOperands())
    if (auto buffer = bufferOf.find(getRoot(operand)); buffer != bufferOf.end())
      model.buffers[buffer->second].last = position;
  if (Attribute offset = op->getAttr("offset")) {
    bufferOf[op->getResult(0)] = model.buffers.size();
    model.buffers.push_back({model.kernels.back().value, evaluateUsually(getExtent(offset)),
                             evaluateUsually(type.getBytes()), position, position});
  }
}

void ProgramDescriber::addObserved(ukernel::ObserveOp observe) {
  auto type = cast<BufferType>(observe.getInput().getType());
  const Extent offset = getExtent(getRoot(observe.getInput()).getDefiningOp()->getAttr("offset"));
  ObservedValue value{observe.getName().str(), offset + type.getOrigin() * type.getElementBytes(), {}, {}};
  value.shape.assign(type.getShape().begin(), type.getShape().end());
  value.strides = type.getStrides();
  model.observed.push_back(std::move(value));
}

void ProgramDescriber::describeCalls(const kernels::ISA &isa) { describeCalls(program.function.front(), isa); }

/// What is read in a body lives as long as that may run again; results that bodies write live from before them.
void ProgramDescriber::describeControl(Operation *op, const kernels::ISA &isa) {
  const int64_t first = model.kernels.size(), outer = model.buffers.size();
  auto offsets = op->getAttrOfType<ArrayAttr>("offsets");
  for (auto [result, offset] : llvm::zip_equal(op->getResults(), offsets)) {
    bufferOf[result] = model.buffers.size();
    model.buffers.push_back({getValueName(op->getLoc()).str(), evaluateUsually(getExtent(offset)),
                             evaluateUsually(cast<BufferType>(result.getType()).getBytes()), first, first});
  }
  for (Region &body : op->getRegions())
    describeCalls(body.front(), isa);
  const int64_t last = std::max<int64_t>(model.kernels.size(), 1) - 1, own = outer + op->getNumResults();
  for (auto [i, buffer] : llvm::enumerate(model.buffers))
    if (int64_t(i) < outer ? buffer.last >= first : int64_t(i) < own)
      buffer.last = std::max(buffer.last, last);
}

void ProgramDescriber::describeCalls(Block &block, const kernels::ISA &isa) {
  for (Operation &op : block)
    if (auto kernel = dyn_cast<KernelOp>(op))
      addCall(kernel, isa);
    else if (auto observe = dyn_cast<ukernel::ObserveOp>(op))
      addObserved(observe);
    else if (llvm::isa<ukernel::LoopOp, ukernel::IfOp>(op))
      describeControl(&op, isa);
}

static StringRef getText(Attribute attribute) {
  auto text = dyn_cast_or_null<StringAttr>(attribute);
  return text ? text.getValue() : StringRef();
}

void ProgramDescriber::describePorts(bool inputs) {
  func::FuncOp function = program.function;
  ArrayRef<Type> types = inputs ? function.getArgumentTypes() : function.getResultTypes();
  for (auto [index, type] : llvm::enumerate(types)) {
    DictionaryAttr attributes = inputs ? function.getArgAttrDict(index) : function.getResultAttrDict(index);
    auto get = [&](StringRef key) { return attributes ? attributes.get(key) : Attribute(); };
    auto buffer = cast<BufferType>(type);
    std::string text = llvm::formatv("{0} {1} '{2}': {3}[", inputs ? "input" : "output", index,
                                     getText(get("nibble.name")), getName(*getElementKind(buffer.getElementType())));
    text += llvm::join(llvm::map_range(program.getShape(type, attributes),
                                       [&](const Extent &extent) { return program.spell(extent); }),
                       " x ");
    text += "]";
    if (auto state = dyn_cast_or_null<IntegerAttr>(get(kStateAttr)))
      text += llvm::formatv(", one buffer with output {0}", state.getInt()).str() +
              (buffer.hasCapacity() ? ", room for " + std::to_string(buffer.getCapacity()) + " along dimension " +
                                          std::to_string(buffer.getAxis())
                                    : std::string());
    if (StringRef layout = getText(get("nibble.layout")); !layout.empty())
      text += (", " + layout).str();
    if (auto scale = dyn_cast_or_null<FloatAttr>(get("nibble.scale")))
      text += llvm::formatv(", real = {0} * (value - {1})", scale.getValueAsDouble(),
                            cast<IntegerAttr>(get("nibble.zero_point")).getInt());
    model.ports.push_back(std::move(text));
  }
}

/// `whole` has `program` among its specializations, `index` counts it among the programs of the weights.
static SpecializedCode describeSpecialization(const Program &whole, const Program &program, unsigned index,
                                              const kernels::ISA &isa) {
  SpecializedCode code;
  code.isUsual = whole.getBatch() < 0;
  for (size_t i = 0; i < program.fixed.size(); ++i) {
    code.dims.push_back({program.dims[i], program.fixed[i]});
    // A fixed number of samples may run together.
    code.isUsual &= program.fixed[i] == 0 || (i == whole.getBatchDim() && program.getBatch() == program.fixed[i]);
  }
  code.arenaBytes = evaluateUsually(program.arenaBytes);
  code.weightBytes = program.weights.getAddedBytes(index);
  CompiledModel described;
  ProgramDescriber(program, described).describeCalls(isa);
  code.kernels = std::move(described.kernels);
  return code;
}

void nibble::describeProgram(const Program &program, const TargetSpec &target, CompiledModel &model) {
  ProgramDescriber describer(program, model);
  if (const kernels::ISA *isa = kernels::lookupISA(target.isa)) {
    describer.describeCalls(*isa);
    for (auto [i, each] : llvm::enumerate(program.specializations))
      model.specializations.push_back(describeSpecialization(program, each, i + 1, *isa));
  }
  describer.describePorts(/*inputs=*/true);
  describer.describePorts(/*inputs=*/false);
}
