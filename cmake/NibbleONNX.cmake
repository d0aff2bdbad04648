# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# ONNX's C++ library: the protobuf classes, checker, shape inference, version converter and function inliner.
#
#   Nibble::ONNXHeaders   headers, definitions and protobuf: for everything that speaks ONNX
#   Nibble::ONNX          the static library too: for libNibble alone, since a second copy registers its messages twice
#
# ONNX reports errors by exceptions: sources that call it are compiled with -fexceptions.
#
# Built once per machine from the pinned source distribution, into NIBBLE_DEPS_DIR (environment or cache), where any
# number of build trees may share it.

set(NIBBLE_ONNX_VERSION 1.23.2)
set(NIBBLE_ONNX_SHA256 008cb0467b2bbee41448acc7da8b6f4e704624cb0d327a2d5adafc7ce19bc5b8)

if(DEFINED ENV{NIBBLE_DEPS_DIR})
  set(NIBBLE_DEPS_DIR "$ENV{NIBBLE_DEPS_DIR}" CACHE PATH "Where dependencies are built and kept")
else()
  set(NIBBLE_DEPS_DIR "${PROJECT_BINARY_DIR}/deps" CACHE PATH "Where dependencies are built and kept")
endif()

function(_nibble_onnx_run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE log ERROR_VARIABLE log)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "cannot ${what} ONNX ${NIBBLE_ONNX_VERSION}:\n${log}")
  endif()
endfunction()

# Fetches, checks, builds and installs ONNX into `prefix`.
function(_nibble_build_onnx prefix)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(work "${prefix}.build")
  set(source "${work}/onnx-${NIBBLE_ONNX_VERSION}")
  set(archive "${source}.tar.gz")
  file(MAKE_DIRECTORY "${work}")

  message(STATUS "Building ONNX ${NIBBLE_ONNX_VERSION} once, in ${prefix} (about two minutes)")
  if(NOT EXISTS "${archive}")
    _nibble_onnx_run(download "${Python3_EXECUTABLE}" -m pip download --quiet --no-deps --no-binary onnx
      --dest "${work}" onnx==${NIBBLE_ONNX_VERSION})
  endif()
  file(SHA256 "${archive}" digest)
  if(NOT digest STREQUAL NIBBLE_ONNX_SHA256)
    message(FATAL_ERROR "${archive} has sha256 ${digest}, expected ${NIBBLE_ONNX_SHA256}")
  endif()
  file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${work}")

  # ONNX asks for CMake 3.26 only for its Python module; Debian 12 has 3.25.
  file(READ "${source}/CMakeLists.txt" lists)
  string(REPLACE "VERSION 3.26" "VERSION 3.25" lists "${lists}")
  file(WRITE "${source}/CMakeLists.txt" "${lists}")

  if(CCACHE_EXECUTABLE)
    set(launcher -DCMAKE_CXX_COMPILER_LAUNCHER=${CCACHE_EXECUTABLE})
  endif()
  _nibble_onnx_run(configure "${CMAKE_COMMAND}" -G Ninja -S "${source}" -B "${work}/build"
    -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
    ${launcher}
    -DCMAKE_INSTALL_PREFIX=${prefix}
    -DCMAKE_INSTALL_LIBDIR=lib
    -DPython3_EXECUTABLE=${Python3_EXECUTABLE}
    -DONNX_USE_PROTOBUF_SHARED_LIBS=ON)
  _nibble_onnx_run(build "${CMAKE_COMMAND}" -E env CCACHE_BASEDIR=${work} CCACHE_NOHASHDIR=1 "${CMAKE_COMMAND}" --build "${work}/build")
  _nibble_onnx_run(install "${CMAKE_COMMAND}" --install "${work}/build")
  file(REMOVE_RECURSE "${work}")
  file(TOUCH "${prefix}/.complete")
endfunction()

set(_prefix "${NIBBLE_DEPS_DIR}/onnx-${NIBBLE_ONNX_VERSION}")
file(LOCK "${NIBBLE_DEPS_DIR}/onnx.lock")
if(NOT EXISTS "${_prefix}/.complete")
  _nibble_build_onnx("${_prefix}")
endif()
file(LOCK "${NIBBLE_DEPS_DIR}/onnx.lock" RELEASE)

find_package(Protobuf REQUIRED)
find_package(ONNX ${NIBBLE_ONNX_VERSION} EXACT REQUIRED CONFIG PATHS "${_prefix}" NO_DEFAULT_PATH)

add_library(NibbleONNXHeaders INTERFACE)
add_library(Nibble::ONNXHeaders ALIAS NibbleONNXHeaders)
target_include_directories(NibbleONNXHeaders SYSTEM INTERFACE "${_prefix}/include")
target_compile_definitions(NibbleONNXHeaders INTERFACE
  $<TARGET_PROPERTY:ONNX::onnx,INTERFACE_COMPILE_DEFINITIONS>)
target_link_libraries(NibbleONNXHeaders INTERFACE protobuf::libprotobuf)

add_library(NibbleONNX INTERFACE)
add_library(Nibble::ONNX ALIAS NibbleONNX)
target_link_libraries(NibbleONNX INTERFACE NibbleONNXHeaders ONNX::onnx)
