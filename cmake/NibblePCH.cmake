# One precompiled header of MLIR for the whole project, and a compiler cache that may keep it.
#
# With the header, and the templates instantiated in it, a pass file compiles in one second instead of eight.

option(NIBBLE_PCH "Compile with a precompiled header of MLIR" ON)

# Must be set before the first target. The cache may ignore what a precompiled header would make it doubt, and where the
# checkout lies, so that all checkouts of one machine share it.
find_program(CCACHE_EXECUTABLE ccache)
if(CCACHE_EXECUTABLE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  foreach(lang C CXX)
    set(CMAKE_${lang}_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
      CCACHE_NOHASHDIR=1
      ${CCACHE_EXECUTABLE})
  endforeach()
endif()

# Compiles `target` with the precompiled header. All its users share one set of compile options.
function(nibble_use_pch target)
  if(NOT NIBBLE_PCH)
    return()
  endif()
  if(NOT TARGET NibblePCH)
    file(WRITE "${PROJECT_BINARY_DIR}/pch.cpp.in" "// Carries the precompiled header.\n")
    configure_file("${PROJECT_BINARY_DIR}/pch.cpp.in" "${PROJECT_BINARY_DIR}/pch.cpp" COPYONLY)
    add_library(NibblePCH OBJECT "${PROJECT_BINARY_DIR}/pch.cpp")
    set_target_properties(NibblePCH PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_precompile_headers(NibblePCH PRIVATE
      <mlir/Analysis/DataFlowFramework.h>
      <mlir/Dialect/Arith/IR/Arith.h>
      <mlir/Dialect/Func/IR/FuncOps.h>
      <mlir/Dialect/Linalg/IR/Linalg.h>
      <mlir/Dialect/Quant/IR/QuantTypes.h>
      <mlir/Dialect/Tensor/IR/Tensor.h>
      <mlir/IR/Builders.h>
      <mlir/IR/BuiltinOps.h>
      <mlir/IR/Matchers.h>
      <mlir/IR/OpImplementation.h>
      <mlir/IR/PatternMatch.h>
      <mlir/Pass/Pass.h>
      <mlir/Pass/PassManager.h>
      <mlir/Transforms/DialectConversion.h>
      <mlir/Transforms/GreedyPatternRewriteDriver.h>)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      target_compile_options(NibblePCH PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM NibblePCH)
endfunction()
