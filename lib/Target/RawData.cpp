// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raw data in ELF files: they are put in where a section without content was laid out.

#include "Targets.h"
#include "nibble/Support/Errors.h"

#include "llvm/Object/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

using namespace nibble;
using llvm::object::ELFFile;

namespace {
/// What is put into a file: at `begin`, zeros up to the data, and behind them up to `end`.
struct Gap {
  uint64_t begin, data, end;
  uint64_t getSize() const { return end - begin; }
};

/// A file whose headers are changed in a copy.
template <typename ELFT>
class Filler {
public:
  Filler(ELFFile<ELFT> elf, std::vector<char> &content) : elf(std::move(elf)), content(content) {}

  /// Makes room for the data in its section, and in a linked file in its segment. None where the linker left the
  /// section out, as no code reads it.
  llvm::Expected<std::optional<Gap>> place(llvm::ArrayRef<RawData> data);

private:
  bool isLinked() const { return elf.getHeader().e_phnum > 0; }
  /// Null where there is none.
  llvm::Expected<const typename ELFT::Shdr *> findSection();
  void moveBehind(const typename ELFT::Shdr *section, const Gap &gap);

  /// The copy of a header.
  template <typename Header>
  Header &change(const Header &header) {
    const char *at = reinterpret_cast<const char *>(&header);
    return *reinterpret_cast<Header *>(content.data() + (at - reinterpret_cast<const char *>(elf.base())));
  }

  ELFFile<ELFT> elf;
  std::vector<char> &content;
};
} // namespace

static uint64_t sizeOf(llvm::ArrayRef<RawData> data) {
  uint64_t size = 0;
  for (const RawData &each : data)
    size = llvm::alignTo(size, kRawDataAlignment) + each.bytes.size();
  return size;
}

template <typename ELFT>
llvm::Expected<const typename ELFT::Shdr *> Filler<ELFT>::findSection() {
  auto sections = elf.sections();
  if (!sections)
    return sections.takeError();
  for (const typename ELFT::Shdr &section : *sections) {
    llvm::Expected<llvm::StringRef> name = elf.getSectionName(section);
    if (!name)
      return name.takeError();
    if (name->ends_with(".nibble_weights") && section.sh_type == llvm::ELF::SHT_NOBITS)
      return &section;
  }
  return nullptr;
}

template <typename ELFT>
llvm::Expected<std::optional<Gap>> Filler<ELFT>::place(llvm::ArrayRef<RawData> data) {
  llvm::Expected<const typename ELFT::Shdr *> section = findSection();
  if (!section)
    return section.takeError();
  if (!*section && isLinked())
    return std::nullopt;
  if (!*section)
    return makeError("there is no section of weights");
  const uint64_t size = sizeOf(data), laidOut = (*section)->sh_offset;
  if ((*section)->sh_size != size)
    return makeError("expected " + llvm::Twine(size) + " bytes of weights, got a section of " +
                     llvm::Twine(uint64_t((*section)->sh_size)));
  auto segments = elf.program_headers();
  if (!segments)
    return segments.takeError();
  // What moves stays aligned.
  const uint64_t begin = llvm::alignTo(laidOut, kRawDataAlignment);
  const Gap gap{laidOut, begin, laidOut + llvm::alignTo(begin + size - laidOut, kRawDataAlignment)};
  bool isMapped = segments->empty(); // an object has none
  for (const typename ELFT::Phdr &segment : *segments)
    if (segment.p_type == llvm::ELF::PT_LOAD && segment.p_vaddr == (*section)->sh_addr &&
        segment.p_offset == gap.data && segment.p_filesz == 0) {
      change(segment).p_filesz = segment.p_memsz;
      isMapped = true;
    }
  if (!isMapped)
    return makeError("the weights have no segment of their own");
  change(**section).sh_type = llvm::ELF::SHT_PROGBITS;
  change(**section).sh_offset = gap.data;
  moveBehind(*section, gap);
  return std::optional(gap);
}

/// What lies behind the section moves; in a linked file nothing of it is in memory.
template <typename ELFT>
void Filler<ELFT>::moveBehind(const typename ELFT::Shdr *section, const Gap &gap) {
  for (const typename ELFT::Shdr &other : llvm::cantFail(elf.sections()))
    if (&other != section && other.sh_offset >= gap.begin && !(isLinked() && (other.sh_flags & llvm::ELF::SHF_ALLOC)))
      change(other).sh_offset = other.sh_offset + gap.getSize();
  change(elf.getHeader()).e_shoff = elf.getHeader().e_shoff + gap.getSize();
}

template <typename ELFT>
static llvm::Expected<std::optional<Gap>> place(std::vector<char> &content, llvm::ArrayRef<RawData> data) {
  // Headers are changed in place, names are read: the parser looks at a copy.
  const std::vector<char> original = content;
  auto elf = ELFFile<ELFT>::create(llvm::StringRef(original.data(), original.size()));
  if (!elf)
    return elf.takeError();
  return Filler<ELFT>(std::move(*elf), content).place(data);
}

static llvm::Expected<std::optional<Gap>> placeAny(std::vector<char> &content, llvm::ArrayRef<RawData> data) {
  const auto [bits, order] = llvm::object::getElfArchType(llvm::StringRef(content.data(), content.size()));
  if (order != llvm::ELF::ELFDATA2LSB)
    return makeError("expected an ELF file of little-endian words");
  return bits == llvm::ELF::ELFCLASS64 ? place<llvm::object::ELF64LE>(content, data)
                                       : place<llvm::object::ELF32LE>(content, data);
}

llvm::Error nibble::fillRawData(llvm::ArrayRef<RawData> data, llvm::StringRef path) {
  if (sizeOf(data) == 0)
    return llvm::Error::success();
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError("cannot read '" + path + "': " + buffer.getError().message());
  std::vector<char> content((*buffer)->getBufferStart(), (*buffer)->getBufferEnd());
  buffer->reset();
  llvm::Expected<std::optional<Gap>> placed = placeAny(content, data);
  if (!placed)
    return addContext("'" + path + "'", placed.takeError());
  if (!*placed)
    return llvm::Error::success();
  const Gap &gap = **placed;
  std::error_code code;
  llvm::raw_fd_ostream file(path, code, llvm::sys::fs::CD_OpenExisting, llvm::sys::fs::FA_Write,
                            llvm::sys::fs::OF_None);
  if (code)
    return makeError("cannot write '" + path + "': " + code.message());
  file.write(content.data(), gap.begin);
  uint64_t next = gap.data;
  for (const RawData &each : data) {
    file.write_zeros(next - file.tell());
    next = llvm::alignTo(next + each.bytes.size(), kRawDataAlignment);
    forEachPiece(each.bytes.data, [&](llvm::ArrayRef<char> piece) { file.write(piece.data(), piece.size()); });
  }
  file.write_zeros(gap.end - file.tell());
  file.write(content.data() + gap.begin, content.size() - gap.begin);
  file.close();
  code = file.error();
  file.clear_error();
  return code ? makeError("cannot write '" + path + "': " + code.message()) : llvm::Error::success();
}

llvm::Error nibble::writeRawData(const RawData &data, llvm::StringRef path) {
  std::error_code code;
  llvm::raw_fd_ostream file(path, code);
  if (code)
    return makeError("cannot write '" + path + "': " + code.message());
  file.write(data.object.data(), data.object.size());
  file.close();
  code = file.error();
  file.clear_error();
  return code ? makeError("cannot write '" + path + "': " + code.message()) : fillRawData(data, path);
}
