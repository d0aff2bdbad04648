# One precompiled header of MLIR for the whole project, and a compiler cache that may keep it.
#
# With the header, and the templates instantiated in it, a pass file compiles in one second instead of eight. Include
# this file from the top directory, after the compile options that all targets share and before the first target.

option(NIBBLE_PCH "Compile with a precompiled header of MLIR" ON)

# The cache must not doubt what comes from a precompiled header, nor ask where the checkout lies: all checkouts of one
# machine share it.
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

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(NIBBLE_PCH OFF)
endif()

if(NIBBLE_PCH)
  # As CMake has them, but with paths relative to the build tree, so that they are the same in every checkout.
  set(_header CMakeFiles/NibblePCH.dir/cmake_pch.hxx)
  set(CMAKE_CXX_COMPILE_OPTIONS_CREATE_PCH -Xclang -emit-pch -Xclang -fno-pch-timestamp
    -Xclang -include -Xclang ${_header} -x c++-header)
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH
    -Xclang -include-pch -Xclang ${_header}.pch -Xclang -include -Xclang ${_header})

  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/pch.cpp" CONTENT "// Carries the precompiled header.\n")
  add_library(NibblePCH OBJECT "${PROJECT_BINARY_DIR}/pch.cpp")
  target_compile_options(NibblePCH PRIVATE -fPIC -fno-exceptions)
  target_link_libraries(NibblePCH PRIVATE nibble_options)
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
endif()

# Compiles `target` with the precompiled header, and so position-independent, be it a library or a program.
function(nibble_use_pch target)
  if(NIBBLE_PCH)
    target_compile_options(${target} PRIVATE -fPIC)
    target_precompile_headers(${target} REUSE_FROM NibblePCH)
  endif()
endfunction()
