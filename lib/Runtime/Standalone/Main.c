/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The program around a model that was compiled with --emit exe. */

#include "Machine.h"
#include "Npz.h"
#include "Ports.h"
#include "nibble/Runtime/nibble_abi.h"

/* The model's functions; the compiler puts this table beside the model. */
typedef struct nibble_standalone_table {
  nibble_describe_fn describe;
  nibble_arena_bytes_fn arena_bytes;
  nibble_run_fn run;
  int32_t (*supported)(uint64_t hwcap,
                       const void *more); /* whether the processor has an instruction set of the model */
  nibble_shape_fn shape;                  /* null where there are no dynamic dimensions */
} nibble_standalone_table;
extern const nibble_standalone_table nibble_standalone_model __attribute__((visibility("hidden")));

/* Of zeros, where nothing tells it. */
static const int64_t usual_dimension = 128;

// Begins .bss, the last section of all but the weights, which the linker puts behind it.
__attribute__((used, retain)) static char before_weights;

static const char help[] =
    " is a model compiled by Nibble: it needs nothing else\n\n"
    "  --inputs in.npz        an array for each input, under its name: numpy.savez('in.npz', x=array)\n"
    "  --input NAME=FILE      one input: an .npy file, or raw little-endian numbers\n"
    "  --outputs out.npz      where to write the outputs\n"
    "  --output NAME=FILE     one output: an .npy file, or raw numbers if it is called otherwise\n"
    "  --bench N              run N times, on zeros if there are no inputs, and print the time of a run\n"
    "  --dim NAME=N           a dynamic dimension of raw numbers, or of --bench's zeros (there 1 for a batch, else "
    "128)\n"
    "  --describe             print the model's inputs and outputs\n";

typedef struct options {
  const char *inputs, *outputs;
  const char **named_inputs, **named_outputs; /* NAME=FILE */
  const char **dims;                          /* NAME=N */
  uint64_t named_input_count, named_output_count, dim_count, bench;
  int describe;
} options;

/* A dynamic dimension of the model. */
typedef struct dimension {
  const char *name;
  const char *input; /* that told the value, or 0 */
} dimension;

/* Everything of a run. */
typedef struct state {
  const nibble_model_desc *model;
  array *inputs; /* in the model's order */
  array *outputs;
  dimension *dimensions; /* in the order of a context's dims */
  int64_t *dims;         /* their values, -1 where not known yet */
  uint32_t dim_count;
  nibble_context context;
} state;

static void describe(const nibble_model_desc *model) {
  print(1, "model     %s\n", model->name);
  describe_ports("input    ", model->inputs, model->input_count);
  describe_ports("output   ", model->outputs, model->output_count);
  print(1, "weights   %u bytes\n", model->weight_bytes);
  if (model->arena_bytes || nibble_standalone_model.arena_bytes(0) != UINT64_MAX)
    print(1, "arena     %u bytes\n", model->arena_bytes);
  else
    print(1, "arena     of as many bytes as the dynamic dimensions need\n");
  print(1, "targets   %s\n", model->isa);
}

/*===--- Options ---===*/

/* A number of 1 to 10 digits; -1 for other text. */
static int64_t parse_number(const char *text) {
  int64_t value = 0;
  for (const char *at = text; *at; ++at) {
    if (*at < '0' || *at > '9' || value > 100000000)
      return -1;
    value = 10 * value + (*at - '0');
  }
  return *text ? value : -1;
}

static uint64_t parse_count(const char *text) {
  int64_t value = parse_number(text);
  if (value < 1)
    fail("--bench is '%s', expected a number of runs from 1 to 1000000000", text);
  return (uint64_t)value;
}

static options parse(int count, char **arguments) {
  options o = {0};
  o.named_inputs = allocate(8 * (uint64_t)count);
  o.named_outputs = allocate(8 * (uint64_t)count);
  o.dims = allocate(8 * (uint64_t)count);
  for (int i = 1; i < count; ++i) {
    const char *name = arguments[i];
    if (equal(name, "--help") || equal(name, "-h")) {
      print(1, "%s%s", arguments[0], help);
      leave(0);
    }
    if (equal(name, "--describe")) {
      o.describe = 1;
      continue;
    }
    int known = equal(name, "--inputs") || equal(name, "--outputs") || equal(name, "--input") ||
                equal(name, "--output") || equal(name, "--dim") || equal(name, "--bench");
    if (!known)
      fail("unknown option '%s'; --help lists them", name);
    if (++i == count)
      fail("%s needs a value; --help tells which", name);
    if (equal(name, "--inputs"))
      o.inputs = arguments[i];
    else if (equal(name, "--outputs"))
      o.outputs = arguments[i];
    else if (equal(name, "--input"))
      o.named_inputs[o.named_input_count++] = arguments[i];
    else if (equal(name, "--output"))
      o.named_outputs[o.named_output_count++] = arguments[i];
    else if (equal(name, "--dim"))
      o.dims[o.dim_count++] = arguments[i];
    else
      o.bench = parse_count(arguments[i]);
  }
  return o;
}

/* What stands behind NAME= in `text`; 0 if it begins with another name. */
static const char *skip_name(const char *text, const char *name) {
  while (*name && *text == *name)
    ++text, ++name;
  return !*name && *text == '=' ? text + 1 : 0;
}

/* Divides NAME=FILE; the port's number, and the file. */
static uint32_t parse_named(const char *text, const nibble_tensor_desc *ports, uint32_t count, const char *option,
                            const char **file) {
  for (uint32_t i = 0; i < count; ++i)
    if ((*file = skip_name(text, ports[i].name)))
      return i;
  fail("%s is '%s', expected NAME=FILE with one of the names that --describe prints", option, text);
}

/*===--- Dimensions ---===*/

/* The number of the dynamic dimension along an axis of an input; its name is that of no other. */
static uint32_t find_dimension(const state *s, const nibble_tensor_desc *port, uint32_t axis) {
  uint32_t index = 0;
  while (index < s->dim_count && !equal(s->dimensions[index].name, port->dim_names[axis]))
    ++index;
  return index;
}

/* They are numbered in the order in which inputs and axes name them first. */
static void find_dimensions(state *s) {
  const nibble_model_desc *model = s->model;
  s->dimensions = allocate(model->dim_count * sizeof *s->dimensions);
  s->dims = allocate(8 * (uint64_t)model->dim_count);
  for (uint32_t i = 0; i < model->input_count; ++i)
    for (uint32_t axis = 0; axis < model->inputs[i].rank; ++axis) {
      const nibble_tensor_desc *port = &model->inputs[i];
      if (port->dims[axis] >= 0 || find_dimension(s, port, axis) < s->dim_count)
        continue;
      if (s->dim_count == model->dim_count)
        fail("the model names more than %u dynamic dimensions", (uint64_t)model->dim_count);
      s->dims[s->dim_count] = -1;
      s->dimensions[s->dim_count++].name = port->dim_names[axis];
    }
}

/* `input`: the one that tells the value, or 0 for an option. */
static void set_dimension(state *s, uint32_t index, int64_t extent, const char *input) {
  dimension *known = &s->dimensions[index];
  if (s->dims[index] >= 0 && s->dims[index] != extent) {
    if (!known->input)
      fail("dimension '%s' is %d in input '%s', and --dim says %d", known->name, extent, input, s->dims[index]);
    fail("dimension '%s' is %d in input '%s' and %d in input '%s'", known->name, extent, input, s->dims[index],
         known->input);
  }
  s->dims[index] = extent;
  known->input = input;
}

static void read_dims(state *s, const options *o) {
  for (uint64_t i = 0; i < o->dim_count; ++i) {
    const char *text = 0;
    uint32_t index = 0;
    while (index < s->dim_count && !(text = skip_name(o->dims[i], s->dimensions[index].name)))
      ++index;
    int64_t extent = text ? parse_number(text) : -1;
    if (extent < 0)
      fail("--dim is '%s', expected NAME=N with the name of a dynamic dimension, which --describe prints", o->dims[i]);
    if (s->dims[index] >= 0)
      fail("--dim gives '%s' twice", s->dimensions[index].name);
    s->dims[index] = extent;
  }
}

/* Whether only the leading axes of inputs have the dimension: then it counts samples. */
static int is_batch(const state *s, uint32_t index) {
  for (uint32_t i = 0; i < s->model->input_count; ++i)
    for (uint32_t axis = 1; axis < s->model->inputs[i].rank; ++axis)
      if (s->model->inputs[i].dims[axis] < 0 && find_dimension(s, &s->model->inputs[i], axis) == index)
        return 0;
  return 1;
}

/* A list of the dimensions with their values: "batch = 2, sequence = 600". */
static const char *spell_dimensions(const state *s) {
  uint64_t size = 1;
  for (uint32_t i = 0; i < s->dim_count; ++i)
    size += length(s->dimensions[i].name) + 32;
  char *text = allocate(size), *at = text;
  for (uint32_t i = 0; i < s->dim_count; ++i) {
    at = put(put(put(at, i ? ", " : ""), s->dimensions[i].name), " = ");
    at = put_extent(at, s->dims[i]);
  }
  return text;
}

/*===--- Inputs ---===*/

/* Bytes with `unknown` for each dimension that is not known; the greatest number if there are more. */
static uint64_t count_input_bytes(const state *s, const nibble_tensor_desc *port, int64_t unknown) {
  uint64_t size = element_size(port);
  for (uint32_t axis = 0; axis < port->rank; ++axis) {
    int64_t extent = port->dims[axis] >= 0 ? port->dims[axis] : s->dims[find_dimension(s, port, axis)];
    if (__builtin_mul_overflow(size, (uint64_t)(extent < 0 ? unknown : extent), &size))
      return UINT64_MAX;
  }
  return size;
}

static void accept_array(state *s, uint32_t index, const array *a) {
  const nibble_tensor_desc *port = &s->model->inputs[index];
  int fits = a->rank == port->rank && is_type(a->type, port);
  for (uint32_t dim = 0; dim < a->rank && fits; ++dim)
    fits = port->dims[dim] < 0 || port->dims[dim] == a->dims[dim];
  if (!fits)
    fail("input '%s' is %s, expected %s", port->name, spell_array(a), spell_port(port));
  for (uint32_t dim = 0; dim < a->rank; ++dim)
    if (port->dims[dim] < 0)
      set_dimension(s, find_dimension(s, port, dim), a->dims[dim], port->name);
  uint64_t size = element_size(port);
  for (uint32_t dim = 0; dim < a->rank; ++dim)
    if (__builtin_mul_overflow(size, (uint64_t)a->dims[dim], &size))
      size = ~(uint64_t)0;
  if (a->data.size < size)
    fail("input '%s' is truncated: %u bytes, expected %u", port->name, a->data.size, size);
  s->inputs[index] = *a;
  s->inputs[index].data.size = size;
}

/* Raw numbers tell the one dimension of theirs that nothing else tells. */
static void accept_raw(state *s, uint32_t index, bytes data) {
  const nibble_tensor_desc *port = &s->model->inputs[index];
  uint32_t open = s->dim_count;
  for (uint32_t axis = 0; axis < port->rank; ++axis) {
    uint32_t number = port->dims[axis] < 0 ? find_dimension(s, port, axis) : s->dim_count;
    if (number == s->dim_count || s->dims[number] >= 0)
      continue;
    if (open < s->dim_count)
      fail("input '%s' is raw numbers, which do not tell '%s' and '%s' of %s: give an .npy file, or --dim", port->name,
           s->dimensions[open].name, s->dimensions[number].name, spell_port(port));
    open = number;
  }
  uint64_t one = count_input_bytes(s, port, 1);
  int is_open = open < s->dim_count;
  if (!is_open ? data.size != one : !one || data.size % one || !data.size)
    fail("input '%s' has %u bytes, expected %s%u for %s", port->name, data.size, is_open ? "a multiple of " : "", one,
         spell_port(port));
  if (is_open)
    set_dimension(s, open, (int64_t)(data.size / one), port->name);
  s->inputs[index].data = data;
}

static void read_inputs(state *s, const options *o) {
  const nibble_model_desc *model = s->model;
  uint64_t count = 0;
  array *arrays = o->inputs ? read_npz(o->inputs, &count) : 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t index = 0;
    while (index < model->input_count && !equal(model->inputs[index].name, arrays[i].name))
      ++index;
    if (index == model->input_count)
      fail("'%s' is not an input of the model; --describe lists them", arrays[i].name);
    accept_array(s, index, &arrays[i]);
  }
  for (uint64_t i = 0; i < o->named_input_count; ++i) {
    const char *file;
    uint32_t index = parse_named(o->named_inputs[i], model->inputs, model->input_count, "--input", &file);
    if (ends_with(file, ".npy")) {
      array a = read_npy(file);
      accept_array(s, index, &a);
    }
  }
  /* Behind all arrays, which tell dimensions. */
  for (uint64_t i = 0; i < o->named_input_count; ++i) {
    const char *file;
    uint32_t index = parse_named(o->named_inputs[i], model->inputs, model->input_count, "--input", &file);
    if (!ends_with(file, ".npy"))
      accept_raw(s, index, read_file(file));
  }
  int on_zeros = o->bench && !o->inputs && !o->named_input_count;
  for (uint32_t i = 0; i < s->dim_count && on_zeros; ++i)
    if (s->dims[i] < 0)
      s->dims[i] = is_batch(s, i) ? 1 : usual_dimension;
  for (uint32_t i = 0; i < model->input_count; ++i) {
    const nibble_tensor_desc *port = &model->inputs[i];
    if (s->inputs[i].data.data)
      continue;
    if (!on_zeros)
      fail("input '%s' is missing, expected %s", port->name, spell_port(port));
    s->inputs[i].data.size = count_input_bytes(s, port, 0);
    s->inputs[i].data.data = allocate(s->inputs[i].data.size);
  }
}

/*===--- Runs ---===*/

static _Noreturn void refuse_dimensions(const state *s) {
  fail("the model refuses the dimensions %s: one is too large, or it cannot be computed with them",
       spell_dimensions(s));
}

static void prepare(state *s) {
  const nibble_model_desc *model = s->model;
  s->context.arena_bytes = nibble_standalone_model.arena_bytes(s->dims);
  if (s->context.arena_bytes == UINT64_MAX)
    refuse_dimensions(s);
  const void **inputs = allocate(8 * (uint64_t)model->input_count);
  void **outputs = allocate(8 * (uint64_t)model->output_count);
  /* Data of a file lies anywhere: elements are to be aligned. */
  for (uint32_t i = 0; i < model->input_count; ++i) {
    bytes data = s->inputs[i].data;
    uint8_t *copy = allocate(data.size);
    memcpy(copy, data.data, data.size);
    inputs[i] = copy;
  }
  for (uint32_t i = 0; i < model->output_count; ++i) {
    const nibble_tensor_desc *port = &model->outputs[i];
    array *a = &s->outputs[i];
    uint64_t size = element_size(port);
    a->name = port->name;
    memcpy(a->type, spell_type(port), 4);
    a->rank = port->rank;
    if (a->rank > MOST_DIMS)
      fail("output '%s' has %u dimensions, expected %u at most", port->name, (uint64_t)a->rank, (uint64_t)MOST_DIMS);
    for (uint32_t dim = 0; dim < a->rank; ++dim)
      a->dims[dim] = port->dims[dim];
    if (nibble_standalone_model.shape)
      nibble_standalone_model.shape(s->dims, i, a->dims);
    for (uint32_t dim = 0; dim < a->rank; ++dim)
      if (a->dims[dim] < 0 || __builtin_mul_overflow(size, (uint64_t)a->dims[dim], &size))
        refuse_dimensions(s);
    a->data.size = size;
    outputs[i] = a->data.data = allocate(a->data.size);
  }
  s->context.abi_version = NIBBLE_ABI_VERSION;
  s->context.dims = s->dims;
  s->context.arena = allocate(s->context.arena_bytes);
  s->context.inputs = inputs;
  s->context.outputs = outputs;
}

static void run(const state *s) {
  int32_t status = nibble_standalone_model.run(&s->context);
  if (status == NIBBLE_ERROR_DIMENSION)
    refuse_dimensions(s);
  if (status != NIBBLE_OK)
    fail("the model's run function reports status %d", (int64_t)status);
}

static void sort(uint64_t *values, uint64_t count) {
  for (uint64_t gap = count / 2; gap; gap /= 2)
    for (uint64_t i = gap; i < count; ++i) {
      uint64_t value = values[i], at = i;
      for (; at >= gap && values[at - gap] > value; at -= gap)
        values[at] = values[at - gap];
      values[at] = value;
    }
}

static void bench(const state *s, uint64_t count) {
  uint64_t *times = allocate(8 * count);
  for (int warm_up = 0; warm_up < 3; ++warm_up)
    run(s);
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t start = nanoseconds();
    run(s);
    times[i] = nanoseconds() - start;
  }
  sort(times, count);
  print(1, "%s: %m ms (median %m, 90th percentile %m) of %u runs on 1 thread\n", s->model->name, times[0],
        times[count / 2], times[count * 9 / 10], count);
}

static void write_outputs(const state *s, const options *o) {
  for (uint64_t i = 0; i < o->named_output_count; ++i) {
    const char *file;
    uint32_t index = parse_named(o->named_outputs[i], s->model->outputs, s->model->output_count, "--output", &file);
    if (ends_with(file, ".npy"))
      write_npy(file, &s->outputs[index]);
    else
      write_file(file, &s->outputs[index].data, 1);
  }
  if (o->outputs)
    write_npz(o->outputs, s->outputs, s->model->output_count);
}

static void check_outputs(const nibble_model_desc *model, const options *o) {
  if (o->outputs)
    check_writable(o->outputs);
  for (uint64_t i = 0; i < o->named_output_count; ++i) {
    const char *file;
    parse_named(o->named_outputs[i], model->outputs, model->output_count, "--output", &file);
    check_writable(file);
  }
  if (!o->outputs && !o->named_output_count && !o->bench)
    fail("nothing to do: give --outputs, --output, --bench or --describe; --help explains them");
}

/* A static executable resolves its indirect functions itself: the choice of an instruction set. */
typedef struct relocation {
  uint64_t offset, info, addend;
} relocation;
extern const relocation __rela_iplt_start[] __attribute__((weak, visibility("hidden")));
extern const relocation __rela_iplt_end[] __attribute__((weak, visibility("hidden")));

/* What resolvers get: AT_HWCAP, on AArch64 with bit 62 set, and this. */
typedef struct capabilities {
  uint64_t size, hwcap, hwcap2;
} capabilities;

static void resolve(uint64_t hwcap, const capabilities *more) {
  for (const relocation *at = __rela_iplt_start; at < __rela_iplt_end; ++at)
    *(uint64_t *)at->offset = ((uint64_t (*)(uint64_t, const void *))at->addend)(hwcap, more);
}

/* AT_HWCAP and AT_HWCAP2 of the auxiliary vector, which lies behind the environment. */
static capabilities find_capabilities(const long *environment) {
  capabilities found = {sizeof found, 0, 0};
  while (*environment++)
    ;
  for (; environment[0]; environment += 2) {
    if (environment[0] == 16)
      found.hwcap = (uint64_t)environment[1];
    if (environment[0] == 26)
      found.hwcap2 = (uint64_t)environment[1];
  }
  return found;
}

_Noreturn __attribute__((visibility("hidden"), used)) void nibble_standalone_main(long *stack) {
  int count = (int)stack[0];
  char **arguments = (char **)(stack + 1);
  set_program(arguments[0]);
  options o = parse(count, arguments);
  const capabilities has = find_capabilities(stack + 1 + count + 1);
  const uint64_t hwcap = has.hwcap | (uint64_t)1 << 62;
  if (!nibble_standalone_model.supported(hwcap, &has))
    fail("this machine has none of the instruction sets that the model was compiled for");
  resolve(hwcap, &has);
  state s = {0};
  s.model = nibble_standalone_model.describe();
  find_dimensions(&s);
  s.inputs = allocate(s.model->input_count * sizeof *s.inputs);
  s.outputs = allocate(s.model->output_count * sizeof *s.outputs);
  if (o.describe) {
    describe(s.model);
    leave(0);
  }
  check_outputs(s.model, &o);
  read_dims(&s, &o);
  read_inputs(&s, &o);
  prepare(&s);
  if (o.bench)
    bench(&s, o.bench);
  else
    run(&s);
  write_outputs(&s, &o);
  leave(0);
}

/* The stack holds the arguments, the environment and the auxiliary vector. */
__asm__(".globl _start\n"
        ".type _start, %function\n"
        "_start:\n" NIBBLE_START);
