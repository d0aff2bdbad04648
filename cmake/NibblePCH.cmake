# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# One precompiled header of MLIR for the whole project, and a compiler cache that may keep it.
#
# With the header, and the templates instantiated in it, a pass file compiles in one second instead of eight. Include
# this file from the top directory, after NibbleOptions and before the first target.

option(NIBBLE_PCH "Compile with a precompiled header of MLIR" ON)

# The cache must not doubt what comes from a precompiled header, nor ask where the checkout lies: all checkouts of one
# machine share it.
find_program(CCACHE_EXECUTABLE ccache)
if(CCACHE_EXECUTABLE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  foreach(lang C CXX)
    set(CMAKE_${lang}_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
      CCACHE_NOHASHDIR=1
      ${CCACHE_EXECUTABLE})
  endforeach()
endif()

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(NIBBLE_PCH OFF)
endif()

# What must be equal where the header is made and where it is used, be that a library or a program. The header exists
# twice, since exceptions are one of these things.
set(NIBBLE_PCH_OPTIONS -fPIC -fno-exceptions)
set(NIBBLE_PCH_EXCEPTIONS_OPTIONS -fPIC -fexceptions)

if(NIBBLE_PCH)
  # An object library whose one "object" is the precompiled header. It is made of MLIR's headers alone, so that no path
  # of the checkout gets into it: CMake's own way would put one there, and the cache would serve it to other checkouts.
  set(_headers
    mlir/Analysis/DataFlowFramework.h
    mlir/Dialect/Arith/IR/Arith.h
    mlir/Dialect/Func/IR/FuncOps.h
    mlir/Dialect/LLVMIR/LLVMDialect.h
    mlir/Dialect/Linalg/IR/Linalg.h
    mlir/Dialect/Math/IR/Math.h
    mlir/Dialect/Quant/IR/QuantTypes.h
    mlir/Dialect/SCF/IR/SCF.h
    mlir/Dialect/Tensor/IR/Tensor.h
    mlir/Dialect/Vector/IR/VectorOps.h
    mlir/IR/Builders.h
    mlir/IR/BuiltinOps.h
    mlir/IR/ImplicitLocOpBuilder.h
    mlir/IR/Matchers.h
    mlir/IR/OpImplementation.h
    mlir/IR/PatternMatch.h
    mlir/Pass/PassManager.h
    mlir/Transforms/DialectConversion.h
    mlir/Transforms/GreedyPatternRewriteDriver.h)
  list(TRANSFORM _headers PREPEND "SHELL:-include " OUTPUT_VARIABLE _includes)
  list(GET MLIR_INCLUDE_DIRS 0 _pass)
  string(APPEND _pass /mlir/Pass/Pass.h)
  set_source_files_properties("${_pass}" PROPERTIES LANGUAGE CXX)
  foreach(_suffix "" _EXCEPTIONS)
    set(_target NibblePCH${_suffix})
    add_library(${_target} OBJECT "${_pass}")
    set(NIBBLE_PCH${_suffix}_FILE "${PROJECT_BINARY_DIR}/CMakeFiles/${_target}.dir${_pass}.o")
    target_link_libraries(${_target} PRIVATE nibble_options)
    target_compile_options(${_target} PRIVATE ${NIBBLE_PCH${_suffix}_OPTIONS} "SHELL:-x c++-header"
      -fpch-instantiate-templates "SHELL:-Xclang -fno-pch-timestamp" ${_includes})
  endforeach()
endif()

# Compiles `target` with the precompiled header, and so with NIBBLE_PCH_OPTIONS, but for the sources that have the
# property SKIP_PRECOMPILE_HEADERS; those listed behind it may throw.
function(nibble_use_pch target)
  if(NOT NIBBLE_PCH)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_source_file_property(skip "${source}" SKIP_PRECOMPILE_HEADERS)
    if(source MATCHES "\\.cpp$" AND NOT skip)
      set(suffix "")
      if(source IN_LIST ARGN)
        set(suffix _EXCEPTIONS)
      endif()
      set_property(SOURCE "${source}" APPEND PROPERTY COMPILE_OPTIONS
        ${NIBBLE_PCH${suffix}_OPTIONS} -include-pch "${NIBBLE_PCH${suffix}_FILE}")
      set_property(SOURCE "${source}" APPEND PROPERTY OBJECT_DEPENDS "${NIBBLE_PCH${suffix}_FILE}")
    endif()
  endforeach()
endfunction()
