// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolution kernels alone: GMAC/s, and their share of the peak that this machine reaches in registers.
//
// One core, operands warm; the counters add up the best time of each tile, as the machine may be shared.

#include "../unittests/Kernels/ConvCase.h"
#include "nibble/Target/TargetSpec.h"

#include <benchmark/benchmark.h>
#include <chrono>
#include <numeric>

using namespace nibble;
using namespace nibble::kernels;

static double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static void benchConv(benchmark::State &state, const ISA &isa, ConvParams params) {
  const ConvCase test(params);
  KernelJit jit(isa, [&](mlir::OpBuilder &b, mlir::Location loc) { test.emit(b, loc, isa); });
  const PreparedConv prepared(test);
  std::vector<double> best(prepared.tiles, 1e9);
  for (auto _ : state)
    for (int64_t tile = 0; tile < prepared.tiles; ++tile) {
      const double start = seconds();
      prepared.runTile(jit.get(), tile);
      best[tile] = std::min(best[tile], seconds() - start);
    }
  const double total = std::accumulate(best.begin(), best.end(), 0.0);
  const ConvParams &p = test.p;
  const double macs = double((p.H * p.W * p.N).getStatic()) * p.KH * p.KW * p.C / p.groups;
  state.counters["GMAC/s"] = macs / total * 1e-9;
  state.counters["best_us"] = total * 1e6;
  state.SetLabel(convKernelName(p, isa));
}

namespace {
struct Shape {
  const char *name;
  int64_t C, N, H, W, kernel, stride;
  bool depthwise;
};
} // namespace

// Large products; mobilenetv2's pointwise, first and depthwise layers; layers of a residual network.
static const Shape shapes[] = {
    {"gemm_1024", 1024, 1024, 1, 1024, 1, 1, false},     {"gemm_16x768x768", 768, 768, 1, 16, 1, 1, false},
    {"gemm_1x1280x1000", 1280, 1000, 1, 1, 1, 1, false}, {"conv3x3_56x64", 64, 64, 56, 56, 3, 1, false},
    {"conv3x3_8x64", 64, 64, 8, 8, 3, 1, false},         {"conv3x3s2_224x3", 3, 32, 112, 112, 3, 2, false},
    {"pw_112x32x16", 32, 16, 112, 112, 1, 1, false},     {"pw_112x16x96", 16, 96, 112, 112, 1, 1, false},
    {"pw_56x96x24", 96, 24, 56, 56, 1, 1, false},        {"pw_56x24x144", 24, 144, 56, 56, 1, 1, false},
    {"pw_28x144x32", 144, 32, 28, 28, 1, 1, false},      {"pw_28x32x192", 32, 192, 28, 28, 1, 1, false},
    {"pw_14x384x64", 384, 64, 14, 14, 1, 1, false},      {"pw_14x64x384", 64, 384, 14, 14, 1, 1, false},
    {"pw_7x960x160", 960, 160, 7, 7, 1, 1, false},       {"pw_7x160x960", 160, 960, 7, 7, 1, 1, false},
    {"dw3x3_112x32", 32, 32, 112, 112, 3, 1, true},      {"dw3x3s2_112x96", 96, 96, 56, 56, 3, 2, true},
    {"dw3x3_56x144", 144, 144, 56, 56, 3, 1, true},      {"dw3x3_28x192", 192, 192, 28, 28, 3, 1, true},
    {"dw3x3_14x384", 384, 384, 14, 14, 3, 1, true},      {"dw3x3_7x960", 960, 960, 7, 7, 3, 1, true},
};

static ConvParams paramsOf(const Shape &shape, ElementKind kind) {
  ConvParams p;
  p.input = p.output = kind;
  p.C = shape.C, p.N = shape.N, p.H = shape.H, p.W = shape.W;
  p.KH = p.KW = shape.kernel;
  p.strideH = p.strideW = shape.stride;
  p.groups = shape.depthwise ? shape.C : 1;
  p.multipliersBelowOne = true;
  return p;
}

static int registerAll() {
  for (const ISA &isa : getISAs())
    for (ElementKind kind : {ElementKind::U8, ElementKind::F32})
      for (const Shape &shape : shapes) {
        const ConvParams params = paramsOf(shape, kind);
        if (!isHostCapable(*lookupTargetSpec(isa.name)) || !whyNoConv(params, isa).empty())
          continue;
        const std::string name = isa.name.str() + (kind == ElementKind::U8 ? "/int8/" : "/float/") + shape.name;
        benchmark::RegisterBenchmark(name.c_str(), [&isa, params](benchmark::State &state) {
          benchConv(state, isa, params);
        })->Unit(benchmark::kMicrosecond);
      }
  return 0;
}

static const int registered = registerAll();
