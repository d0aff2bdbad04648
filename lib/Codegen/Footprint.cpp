// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a microcontroller keeps of a model: read from the objects.

#include "ProgramEmitter.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/DataExtractor.h"

using namespace nibble;

namespace {
/// The largest frames among functions that call each other in this order.
struct Frames {
  uint64_t run = 0, kernel = 0, helper = 0;

  void add(llvm::StringRef function, uint64_t bytes, const CompiledModel &model) {
    if (function == model.name + "_run" || function == model.name + "_sample")
      run += bytes; // one calls the other
    else if (function.starts_with(model.name + "_k"))
      kernel = std::max(kernel, bytes);
    else if (function.starts_with("nibble_"))
      helper = std::max(helper, bytes);
  }
};
} // namespace

/// Entries of .stack_sizes: an address, which a relocation names, and a number of bytes.
static void readFrames(const llvm::object::ELFObjectFileBase &object, const llvm::object::SectionRef &sizes,
                       const llvm::object::SectionRef &relocations, const CompiledModel &model, Frames &frames) {
  llvm::Expected<llvm::StringRef> content = sizes.getContents();
  if (!content)
    return llvm::consumeError(content.takeError());
  llvm::DataExtractor data(*content, object.isLittleEndian(), object.getBytesInAddress());
  for (const llvm::object::RelocationRef &relocation : relocations.relocations()) {
    auto symbol = relocation.getSymbol();
    if (symbol == object.symbol_end())
      continue;
    llvm::Expected<llvm::object::section_iterator> section = symbol->getSection();
    if (!section || *section == object.section_end()) {
      llvm::consumeError(section.takeError());
      continue;
    }
    llvm::Expected<llvm::StringRef> name = (*section)->getName();
    if (!name) {
      llvm::consumeError(name.takeError());
      continue;
    }
    name->consume_front(".text.");
    uint64_t offset = relocation.getOffset() + object.getBytesInAddress();
    frames.add(*name, data.getULEB128(&offset), model);
  }
}

static void addObject(const llvm::object::ELFObjectFileBase &object, CompiledModel &model, Frames &frames) {
  for (const llvm::object::ELFSectionRef section : object.sections()) {
    llvm::Expected<llvm::StringRef> name = section.getName();
    if (!name) {
      llvm::consumeError(name.takeError());
      continue;
    }
    if ((section.getFlags() & llvm::ELF::SHF_ALLOC) && !name->starts_with(".rodata.nibble_weights"))
      model.codeBytes += section.getSize();
    llvm::Expected<llvm::object::section_iterator> target = section.getRelocatedSection();
    if (!target || *target == object.section_end()) {
      llvm::consumeError(target.takeError());
      continue;
    }
    if (llvm::Expected<llvm::StringRef> relocated = (*target)->getName(); !relocated)
      llvm::consumeError(relocated.takeError());
    else if (*relocated == ".stack_sizes")
      readFrames(object, **target, section, model, frames);
  }
}

void nibble::measureFootprint(CompiledModel &model) {
  Frames frames;
  model.codeBytes = 0;
  for (const ObjectBytes &bytes : model.objects) {
    llvm::MemoryBufferRef buffer(llvm::StringRef(bytes.data(), bytes.size()), "object");
    auto object = llvm::object::ObjectFile::createELFObjectFile(buffer);
    if (!object) {
      llvm::consumeError(object.takeError());
      continue;
    }
    addObject(*llvm::cast<llvm::object::ELFObjectFileBase>(object->get()), model, frames);
  }
  model.stackBytes = frames.run + frames.kernel + frames.helper;
}
