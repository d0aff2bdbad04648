// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LoadedExecutable.h"
#include "RunStatus.h"
#include "nibble/Codegen/Dtypes.h"
#include "nibble/Runtime/nibble_pool.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"

#include <chrono>
#include <limits>
#include <mutex>

using namespace llvm;

namespace nibble::driver {

static Error readPort(const nibble_tensor_desc &desc, std::vector<Port> &ports) {
  std::optional<ElementKind> kind = getElementKind(desc.dtype);
  if (!kind)
    return makeError("'" + Twine(desc.name) + "' has the unknown type " + Twine(desc.dtype));
  Port port;
  port.name = desc.name;
  port.kind = *kind;
  for (uint32_t dim = 0; dim < desc.rank; ++dim) {
    port.shape.push_back(desc.dims[dim]);
    const char *name = desc.dim_names ? desc.dim_names[dim] : nullptr;
    port.dims.push_back(name && desc.dims[dim] < 0 ? name : "");
  }
  if (desc.scale != 0)
    port.quantization = {desc.scale, desc.zero_point};
  port.layout = desc.layout == NIBBLE_LAYOUT_NCHW ? "nchw" : desc.layout == NIBBLE_LAYOUT_NHWC ? "nhwc" : "";
  ports.push_back(std::move(port));
  return Error::success();
}

Error readPorts(const nibble_model_desc &desc, std::vector<Port> &inputs, std::vector<Port> &outputs) {
  for (const nibble_tensor_desc &input : ArrayRef(desc.inputs, desc.input_count))
    if (Error error = readPort(input, inputs))
      return error;
  for (const nibble_tensor_desc &output : ArrayRef(desc.outputs, desc.output_count))
    if (Error error = readPort(output, outputs))
      return error;
  return Error::success();
}

std::vector<StatePort> readStates(const LoadedModel &model) {
  std::vector<StatePort> states;
  for (const nibble_state_desc &desc : model.states()) {
    StatePort state{desc.input, desc.output, std::nullopt, {desc.capacity, desc.capacity + desc.rank}};
    if (desc.axis < desc.rank)
      state.axis = desc.axis;
    states.push_back(std::move(state));
  }
  return states;
}

namespace {
/// Values of the named dynamic dimensions, in the order in which the inputs name them first.
class Dimensions {
public:
  Error read(const LoadedModel &model, ArrayRef<Port> inputs, ArrayRef<Array> arguments);
  /// The shape of output number `index`.
  Expected<SmallVector<int64_t, 4>> resolve(const LoadedModel &model, unsigned index, const Port &output) const;
  const int64_t *data() const { return values.empty() ? nullptr : values.data(); }
  /// What is wrong where the model refuses them.
  Error refuse() const;

private:
  SmallVector<std::string> names;
  SmallVector<int64_t> values;
};

class LoadedExecutable : public Executable {
public:
  LoadedExecutable(std::unique_ptr<LoadedModel> model, int threads, bool sparesMemory)
      : model(std::move(model)), sparesMemory(sparesMemory) {
    if (threads > 1)
      pool.reset(nibble_pool_create(threads));
  }
  ~LoadedExecutable() override { releaseArenas(); }
  Error readPorts() {
    if (Error error = driver::readPorts(model->describe(), inputPorts, outputPorts))
      return error;
    stateList = readStates(*model);
    dimLimits = findLimits(*model, inputPorts);
    return Error::success();
  }

protected:
  Expected<std::vector<Array>> execute(ArrayRef<Array> arguments, Kept *kept) override;

private:
  Array takeArena(int64_t bytes);
  void giveArena(Array arena);
  void releaseArenas();

  std::unique_ptr<LoadedModel> model;
  bool sparesMemory;
  std::unique_ptr<nibble_pool, void (*)(nibble_pool *)> pool{nullptr, nibble_pool_destroy};
  std::mutex mutex;
  std::vector<Array> arenas; // free ones: one a thread that runs
};

/// A run's context with the memory that it points to.
struct Run {
  nibble_context context = {};
  SmallVector<const void *> inputs;
  SmallVector<void *> outputs;
  std::vector<Array> results;
  std::vector<Array> buffers; // of states
  Dimensions dimensions;
  int64_t arenaBytes = 0; // that the dimensions need

  /// Where there are states but none `kept`, it copies those among the arguments into buffers of its own.
  Error prepare(const LoadedModel &model, ArrayRef<Port> inputPorts, ArrayRef<Port> outputPorts,
                ArrayRef<Array> arguments, const Kept *kept = nullptr);
  void bindStates(ArrayRef<StatePort> states, ArrayRef<Array> arguments, const Kept *kept);
  /// The results; of states that are `kept`, none, but how long they are now.
  std::vector<Array> takeResults(ArrayRef<StatePort> states, Kept *kept);
  void setArena(const Array &arena);
  Error check(int32_t status, StringRef isa) const;
};
} // namespace

SmallVector<std::string> listDims(ArrayRef<Port> inputs) {
  SmallVector<std::string> names;
  for (const Port &port : inputs)
    for (const std::string &name : port.dims)
      if (!name.empty() && !is_contained(names, name))
        names.push_back(name);
  return names;
}

DimValues findLimits(const LoadedModel &model, ArrayRef<Port> inputs) {
  const SmallVector<std::string> names = listDims(inputs);
  DimValues limits;
  if (names.size() != model.describe().dim_count)
    return limits; // no run takes inputs
  SmallVector<int64_t> dims(names.size(), 0);
  for (auto [value, name] : zip_equal(dims, names)) {
    const auto isTaken = [&, &value = value](int64_t candidate) {
      value = candidate;
      return model.arenaBytes(dims.data()) != UINT64_MAX;
    };
    int64_t taken = 0, refused = std::numeric_limits<int64_t>::max();
    const bool isLimited = isTaken(taken) && !isTaken(refused);
    while (isLimited && refused - taken > 1) {
      const int64_t middle = taken + (refused - taken) / 2;
      (isTaken(middle) ? taken : refused) = middle;
    }
    if (isLimited)
      limits[name] = taken;
    value = 0;
  }
  return limits;
}

Error Dimensions::read(const LoadedModel &model, ArrayRef<Port> inputs, ArrayRef<Array> arguments) {
  names = listDims(inputs);
  if (names.size() != model.describe().dim_count)
    return makeError("the model has " + Twine(model.describe().dim_count) + " dynamic dimensions, its inputs name " +
                     Twine(names.size()));
  values.assign(names.size(), 0);
  for (auto [port, argument] : zip_equal(inputs, arguments))
    for (auto [dim, name] : enumerate(port.dims))
      if (!name.empty())
        values[find(names, name) - names.begin()] = argument.shape[dim];
  return Error::success();
}

Error Dimensions::refuse() const {
  auto texts = map_range(seq<size_t>(0, names.size()),
                         [&](size_t i) { return "'" + names[i] + "' = " + std::to_string(values[i]); });
  return makeError("the model refuses the dimensions " + join(texts, ", ") +
                   ": one is larger than it takes, or it cannot be computed with them");
}

Expected<SmallVector<int64_t, 4>> Dimensions::resolve(const LoadedModel &model, unsigned index,
                                                      const Port &output) const {
  SmallVector<int64_t, 4> shape = output.shape;
  const auto *open = find_if(shape, [](int64_t extent) { return extent < 0; });
  if (open == shape.end())
    return shape;
  if (names.empty())
    return makeError("no input tells the dimension '" + output.dims[open - shape.begin()] + "' of output '" +
                     output.name + "'");
  if (model.shape(data(), index, shape.data()) != NIBBLE_OK)
    return makeError("the model does not tell the shape of output '" + output.name + "'");
  if (any_of(shape, [](int64_t extent) { return extent < 0; }))
    return refuse();
  return shape;
}

/// Both pointers of each state.
void Run::bindStates(ArrayRef<StatePort> states, ArrayRef<Array> arguments, const Kept *kept) {
  for (auto [index, state] : enumerate(states)) {
    buffers.push_back(kept ? kept->buffers[index] : toBuffer(state, arguments[state.input]));
    inputs[state.input] = outputs[state.output] = buffers.back().data.get();
  }
}

std::vector<Array> Run::takeResults(ArrayRef<StatePort> states, Kept *kept) {
  std::vector<Array> taken;
  for (auto [index, result] : enumerate(results)) {
    const auto *state = find_if(states, [&, index = index](const StatePort &s) { return s.output == index; });
    if (state == states.end())
      taken.push_back(std::move(result));
    else if (!kept)
      taken.push_back(fromBuffer(*state, buffers[state - states.begin()], result.shape));
    else if (state->axis)
      kept->lengths[state - states.begin()] = result.shape[*state->axis];
  }
  return taken;
}

Error Run::prepare(const LoadedModel &model, ArrayRef<Port> inputPorts, ArrayRef<Port> outputPorts,
                   ArrayRef<Array> arguments, const Kept *kept) {
  if (Error error = dimensions.read(model, inputPorts, arguments))
    return error;
  const uint64_t needed = model.arenaBytes(dimensions.data());
  if (needed == UINT64_MAX)
    return dimensions.refuse();
  arenaBytes = needed;
  for (const Array &argument : arguments)
    inputs.push_back(argument.data.get());
  for (auto [index, port] : enumerate(outputPorts)) {
    Expected<SmallVector<int64_t, 4>> shape = dimensions.resolve(model, index, port);
    if (!shape)
      return shape.takeError();
    const bool isState = any_of(model.states(), [&, index = index](const auto &s) { return s.output == index; });
    results.push_back(isState ? Array::view(port.kind, *shape, nullptr) : Array::allocate(port.kind, *shape));
    outputs.push_back(results.back().data.get());
  }
  bindStates(readStates(model), arguments, kept);
  context.abi_version = NIBBLE_ABI_VERSION;
  context.inputs = inputs.data();
  context.outputs = outputs.data();
  context.dims = dimensions.data();
  return Error::success();
}

void Run::setArena(const Array &arena) {
  context.arena = arena.data.get();
  context.arena_bytes = arena.getByteSize();
}

Error Run::check(int32_t status, StringRef isa) const {
  if (status == NIBBLE_ERROR_DIMENSION && dimensions.data())
    return dimensions.refuse();
  return checkStatus(status, isa);
}

Array LoadedExecutable::takeArena(int64_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!arenas.empty() && arenas.back().getByteSize() >= bytes) {
    Array arena = std::move(arenas.back());
    arenas.pop_back();
    return arena;
  }
  releaseArenas(); // too small by now
  return Array::allocate(ElementKind::U8, {bytes});
}

void LoadedExecutable::releaseArenas() {
  for (const Array &arena : arenas)
    model->release(arena.data.get());
  arenas.clear();
}

void LoadedExecutable::giveArena(Array arena) {
  std::lock_guard<std::mutex> lock(mutex);
  arenas.push_back(std::move(arena));
}

/// A parallel_for that gives the memory of weights back behind each kernel.
static void callAndSpare(void *data, nibble_kernel_fn kernel, void *const *arguments, int64_t tiles) {
  kernel(arguments, 0, tiles);
  static_cast<const LoadedModel *>(data)->releaseWeights();
}

Expected<std::vector<Array>> LoadedExecutable::execute(ArrayRef<Array> arguments, Kept *kept) {
  Run run;
  if (Error error = run.prepare(*model, inputPorts, outputPorts, arguments, kept))
    return std::move(error);
  Array arena = takeArena(run.arenaBytes);
  run.setArena(arena);
  if (pool) {
    run.context.parallel_for = nibble_pool_parallel_for;
    run.context.parallel_for_data = pool.get();
  } else if (sparesMemory) {
    run.context.parallel_for = callAndSpare;
    run.context.parallel_for_data = model.get();
  }
  int32_t status = model->run(run.context);
  giveArena(std::move(arena));
  if (Error error = run.check(status, model->describe().isa))
    return std::move(error);
  return run.takeResults(stateList, kept);
}

Expected<std::unique_ptr<Executable>> makeLoadedExecutable(std::unique_ptr<LoadedModel> model, int threads,
                                                           bool sparesMemory) {
  auto executable = std::make_unique<LoadedExecutable>(std::move(model), threads, sparesMemory);
  if (Error error = executable->readPorts())
    return std::move(error);
  return std::unique_ptr<Executable>(std::move(executable));
}

namespace {
/// Takes the time of each kernel call.
struct Stopwatch {
  std::vector<double> times; // the least so far
  size_t next = 0;

  static void call(void *data, nibble_kernel_fn kernel, void *const *arguments, int64_t tiles) {
    auto &watch = *static_cast<Stopwatch *>(data);
    auto start = std::chrono::steady_clock::now();
    kernel(arguments, 0, tiles);
    double time = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    if (watch.next == watch.times.size())
      watch.times.push_back(time);
    watch.times[watch.next] = std::min(watch.times[watch.next], time);
    ++watch.next;
  }
};
} // namespace

Expected<std::vector<double>> measureKernels(LoadedModel &model, const NamedArrays &feed, int runs) {
  std::vector<Port> inputs, outputs;
  if (Error error = readPorts(model.describe(), inputs, outputs))
    return std::move(error);
  Expected<std::vector<Array>> arguments = arrangeFeed(inputs, feed);
  if (!arguments)
    return arguments.takeError();
  Run run;
  if (Error error = run.prepare(model, inputs, outputs, *arguments))
    return std::move(error);
  Array arena = Array::allocate(ElementKind::U8, {run.arenaBytes});
  Stopwatch watch;
  run.setArena(arena);
  run.context.parallel_for = Stopwatch::call;
  run.context.parallel_for_data = &watch;
  scope_exit release([&] { model.release(run.context.arena); });
  for (int i = 0; i < runs; ++i) {
    watch.next = 0;
    if (Error error = run.check(model.run(run.context), model.describe().isa))
      return std::move(error);
  }
  return watch.times;
}

} // namespace nibble::driver
