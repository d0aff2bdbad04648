// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LoadedExecutable.h"
#include "nibble/Codegen/Dtypes.h"
#include "nibble/Runtime/nibble_pool.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

#include <chrono>
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

namespace {
/// Values of the named dynamic dimensions, in the order in which the inputs name them first.
class Dimensions {
public:
  void read(ArrayRef<Port> inputs, ArrayRef<Array> arguments);
  Expected<SmallVector<int64_t, 4>> resolve(const Port &output) const;
  const int64_t *data() const { return values.empty() ? nullptr : values.data(); }

private:
  StringMap<unsigned> numbers;
  SmallVector<int64_t> values;
};

class LoadedExecutable : public Executable {
public:
  LoadedExecutable(std::unique_ptr<LoadedModel> model, int threads) : model(std::move(model)) {
    if (threads > 1)
      pool.reset(nibble_pool_create(threads));
  }
  Error readPorts() { return driver::readPorts(model->describe(), inputPorts, outputPorts); }

protected:
  Expected<std::vector<Array>> execute(ArrayRef<Array> arguments) override;

private:
  Array takeArena(int64_t bytes);
  void giveArena(Array arena);

  std::unique_ptr<LoadedModel> model;
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
  Dimensions dimensions;

  Error prepare(ArrayRef<Port> inputPorts, ArrayRef<Port> outputPorts, ArrayRef<Array> arguments);
  Error check(int32_t status) const;
};
} // namespace

void Dimensions::read(ArrayRef<Port> inputs, ArrayRef<Array> arguments) {
  for (auto [port, argument] : zip_equal(inputs, arguments))
    for (auto [dim, name] : enumerate(port.dims))
      if (!name.empty() && numbers.try_emplace(name, values.size()).second)
        values.push_back(argument.shape[dim]);
}

Expected<SmallVector<int64_t, 4>> Dimensions::resolve(const Port &output) const {
  SmallVector<int64_t, 4> shape = output.shape;
  for (auto [extent, name] : zip_equal(shape, output.dims)) {
    if (extent >= 0)
      continue;
    // An output's batch has no name of its own where there is one dynamic dimension alone.
    if (name.empty() && values.size() == 1) {
      extent = values.front();
      continue;
    }
    auto number = numbers.find(name);
    if (number == numbers.end())
      return makeError("no input tells the dimension '" + name + "' of output '" + output.name + "'");
    extent = values[number->second];
  }
  return shape;
}

Error Run::prepare(ArrayRef<Port> inputPorts, ArrayRef<Port> outputPorts, ArrayRef<Array> arguments) {
  dimensions.read(inputPorts, arguments);
  for (const Array &argument : arguments)
    inputs.push_back(argument.data.get());
  for (const Port &port : outputPorts) {
    Expected<SmallVector<int64_t, 4>> shape = dimensions.resolve(port);
    if (!shape)
      return shape.takeError();
    results.push_back(Array::allocate(port.kind, *shape));
    outputs.push_back(results.back().data.get());
  }
  context.abi_version = NIBBLE_ABI_VERSION;
  context.inputs = inputs.data();
  context.outputs = outputs.data();
  context.dims = dimensions.data();
  return Error::success();
}

Error Run::check(int32_t status) const {
  static constexpr StringLiteral reasons[] = {"",
                                              "another version of the interface",
                                              "a null pointer",
                                              "too small an arena",
                                              "a misaligned arena",
                                              "a negative dimension",
                                              "that the thread rounds or flushes floating-point numbers in another way "
                                              "than the default",
                                              "that the processor has none of its instruction sets"};
  if (status == NIBBLE_OK)
    return Error::success();
  bool isKnown = status > 0 && size_t(status) < std::size(reasons);
  return makeError("the model's run function reports " + (isKnown ? reasons[status] : "an unknown error") + " (" +
                   Twine(status) + ")");
}

Array LoadedExecutable::takeArena(int64_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!arenas.empty() && arenas.back().getByteSize() >= bytes) {
    Array arena = std::move(arenas.back());
    arenas.pop_back();
    return arena;
  }
  arenas.clear(); // too small by now
  return Array::allocate(ElementKind::U8, {bytes});
}

void LoadedExecutable::giveArena(Array arena) {
  std::lock_guard<std::mutex> lock(mutex);
  arenas.push_back(std::move(arena));
}

Expected<std::vector<Array>> LoadedExecutable::execute(ArrayRef<Array> arguments) {
  Run run;
  if (Error error = run.prepare(inputPorts, outputPorts, arguments))
    return std::move(error);
  Array arena = takeArena(model->arenaBytes(run.dimensions.data()));
  run.context.arena = arena.data.get();
  run.context.arena_bytes = arena.getByteSize();
  if (pool) {
    run.context.parallel_for = nibble_pool_parallel_for;
    run.context.parallel_for_data = pool.get();
  }
  int32_t status = model->run(run.context);
  giveArena(std::move(arena));
  if (Error error = run.check(status))
    return std::move(error);
  return std::move(run.results);
}

Expected<std::unique_ptr<Executable>> makeLoadedExecutable(std::unique_ptr<LoadedModel> model, int threads) {
  auto executable = std::make_unique<LoadedExecutable>(std::move(model), threads);
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
  if (Error error = run.prepare(inputs, outputs, *arguments))
    return std::move(error);
  Array arena = Array::allocate(ElementKind::U8, {int64_t(model.arenaBytes(run.dimensions.data()))});
  Stopwatch watch;
  run.context.arena = arena.data.get();
  run.context.arena_bytes = arena.getByteSize();
  run.context.parallel_for = Stopwatch::call;
  run.context.parallel_for_data = &watch;
  for (int i = 0; i < runs; ++i) {
    watch.next = 0;
    if (Error error = run.check(model.run(run.context)))
      return std::move(error);
  }
  return watch.times;
}

} // namespace nibble::driver
