# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# nibble_options: how every one of our own targets is compiled.

add_library(nibble_options INTERFACE)
target_include_directories(nibble_options SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS} ${LLD_INCLUDE_DIRS})
target_include_directories(nibble_options INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
separate_arguments(NIBBLE_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(nibble_options INTERFACE ${NIBBLE_LLVM_DEFINITIONS})
# Bit-exactness rests on -ffp-contract=off: a multiply and an add are never fused behind our back.
target_compile_options(nibble_options INTERFACE
  -Wall -Wextra -Wno-unused-parameter -ffp-contract=off
  $<$<COMPILE_LANGUAGE:CXX>:-frtti>)
target_link_options(nibble_options INTERFACE $<$<CXX_COMPILER_ID:Clang>:-fuse-ld=lld>)
if(NIBBLE_SANITIZE)
  # Generated code has no type signatures in front of its functions, which `function` reads at each call through a pointer.
  target_compile_options(nibble_options INTERFACE
    -O1 -fsanitize=address,undefined -fno-sanitize=function -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(nibble_options INTERFACE -fsanitize=address,undefined)
endif()
