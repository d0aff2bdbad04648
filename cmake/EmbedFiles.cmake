# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake -DOUTPUT=x.inc -DFILES=a,b -P EmbedFiles.cmake: an initializer of each file's bytes, `{'\x7f',...},` a line.

string(REPLACE "," ";" files "${FILES}")
set(text "")
foreach(file IN LISTS files)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  get_filename_component(name ${file} NAME)
  string(APPEND text "// ${name}\n{${bytes}},\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
