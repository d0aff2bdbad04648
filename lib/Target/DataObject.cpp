// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Objects that are no code: weights never pass through LLVM's constants.

#include "Targets.h"
#include "nibble/Target/Object.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/MC/MCAsmBackend.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCObjectFileInfo.h"
#include "llvm/MC/MCObjectWriter.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSectionELF.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCSymbolELF.h"
#include "llvm/MC/MCTargetOptions.h"

using namespace nibble;

/// A hidden symbol in a section: `emit` emits its content.
static void emitSymbol(llvm::MCStreamer &streamer, llvm::MCContext &context, llvm::MCSection *section,
                       llvm::StringRef name, uint64_t size, unsigned align, llvm::function_ref<void()> emit) {
  using namespace llvm;
  MCSymbol *symbol = context.getOrCreateSymbol(name);
  streamer.switchSection(section);
  streamer.emitValueToAlignment(Align(align));
  streamer.emitSymbolAttribute(symbol, MCSA_Global);
  streamer.emitSymbolAttribute(symbol, MCSA_Hidden);
  streamer.emitSymbolAttribute(symbol, MCSA_ELF_TypeObject);
  streamer.emitLabel(symbol);
  emit();
  streamer.emitELFSize(symbol, MCConstantExpr::create(size, context));
  streamer.switchSection(context.getELFSection(".note.GNU-stack", ELF::SHT_PROGBITS, 0));
  streamer.finish();
}

static void emitData(llvm::MCStreamer &streamer, llvm::MCContext &context, llvm::StringRef name, uint64_t size) {
  llvm::MCSection *section = context.getELFSection(kRawDataSection, llvm::ELF::SHT_NOBITS, llvm::ELF::SHF_ALLOC);
  emitSymbol(streamer, context, section, name, size, kRawDataAlignment, [&] { streamer.emitZeros(size); });
}

static void emitAddress(llvm::MCStreamer &streamer, llvm::MCContext &context, llvm::StringRef name,
                        llvm::StringRef symbol) {
  llvm::MCSection *section = context.getELFSection(".data.rel.ro.nibble_weights", llvm::ELF::SHT_PROGBITS,
                                                   llvm::ELF::SHF_ALLOC | llvm::ELF::SHF_WRITE);
  const unsigned size = context.getAsmInfo()->getCodePointerSize();
  llvm::MCSymbol *target = context.getOrCreateSymbol(symbol);
  emitSymbol(streamer, context, section, name, size, size, [&] {
    streamer.emitSymbolAttribute(target, llvm::MCSA_Hidden);
    streamer.emitSymbolValue(target, size);
  });
}

static void emitNote(llvm::MCStreamer &streamer, llvm::MCContext &context, llvm::StringRef name,
                     llvm::ArrayRef<char> data) {
  streamer.switchSection(context.getELFSection(name, llvm::ELF::SHT_PROGBITS, 0));
  streamer.emitBytes(llvm::StringRef(data.data(), data.size()));
  streamer.switchSection(context.getELFSection(".note.GNU-stack", llvm::ELF::SHT_PROGBITS, 0));
  streamer.finish();
}

using EmitContent = llvm::function_ref<void(llvm::MCStreamer &, llvm::MCContext &)>;

static llvm::Expected<ObjectBytes> assemble(const TargetSpec &spec, EmitContent emit) {
  using namespace llvm;
  llvm::Expected<const Target *> found = findTarget(spec);
  if (!found)
    return found.takeError();
  const Target &target = **found;
  Triple triple(spec.triple);
  MCTargetOptions options;
  std::unique_ptr<MCRegisterInfo> registers(target.createMCRegInfo(triple));
  std::unique_ptr<MCAsmInfo> assembly(target.createMCAsmInfo(*registers, triple, options));
  std::unique_ptr<MCInstrInfo> instructions(target.createMCInstrInfo());
  std::unique_ptr<MCSubtargetInfo> subtarget(target.createMCSubtargetInfo(triple, spec.cpu, spec.features));
  MCContext context(triple, assembly.get(), registers.get(), subtarget.get());
  std::unique_ptr<MCObjectFileInfo> file(target.createMCObjectFileInfo(context, /*PIC=*/true));
  context.setObjectFileInfo(file.get());

  ObjectBytes bytes;
  raw_svector_ostream os(bytes);
  std::unique_ptr<MCAsmBackend> backend(target.createMCAsmBackend(*subtarget, *registers, options));
  std::unique_ptr<MCObjectWriter> writer = backend->createObjectWriter(os);
  std::unique_ptr<MCCodeEmitter> emitter(target.createMCCodeEmitter(*instructions, context));
  std::unique_ptr<MCStreamer> streamer(target.createMCObjectStreamer(
      triple, context, std::move(backend), std::move(writer), std::move(emitter), *subtarget));
  emit(*streamer, context);
  return bytes;
}

llvm::Expected<RawData> nibble::emitRawData(llvm::StringRef symbol, StoredBytes bytes, const TargetSpec &spec) {
  llvm::Expected<ObjectBytes> object =
      assemble(spec, [&](auto &streamer, auto &context) { emitData(streamer, context, symbol, bytes.size()); });
  if (!object)
    return object.takeError();
  return RawData{symbol.str(), std::move(bytes), std::move(*object)};
}

llvm::Expected<ObjectBytes> nibble::emitAddressObject(llvm::StringRef name, llvm::StringRef symbol,
                                                      const TargetSpec &spec) {
  return assemble(spec, [&](auto &streamer, auto &context) { emitAddress(streamer, context, name, symbol); });
}

llvm::Expected<ObjectBytes> nibble::emitNoteObject(llvm::StringRef section, llvm::ArrayRef<char> data,
                                                   const TargetSpec &spec) {
  return assemble(spec, [&](auto &streamer, auto &context) { emitNote(streamer, context, section, data); });
}
