// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A module's declarations.
#include "Parser.h"

#include <algorithm>

using namespace ptx;

bool Parser::problem(const std::string &what) {
  if (error.empty())
    error = "line " + std::to_string(token.line) + ": " + what;
  return false;
}

static std::string shown(const Token &token) {
  return token.kind == Token::End ? "the end of the text" : "'" + std::string(token.text) + "'";
}

bool Parser::accept(char c) {
  if (!token.is(c))
    return false;
  advance();
  return true;
}

bool Parser::acceptName(std::string_view name) {
  if (!token.is(name))
    return false;
  advance();
  return true;
}

bool Parser::expect(char c) { return accept(c) || problem(std::string("expected '") + c + "', got " + shown(token)); }

bool Parser::name(std::string_view &out) {
  if (token.kind != Token::Name)
    return problem("expected a name, got " + shown(token));
  out = token.text;
  advance();
  return true;
}

bool Parser::integer(uint64_t &out) {
  bool negative = accept('-');
  if (token.kind != Token::Integer)
    return problem("expected an integer, got " + shown(token));
  out = negative ? 0 - token.bits : token.bits;
  advance();
  return true;
}

bool Parser::parse() {
  if (!token.is(".version"))
    return problem("expected PTX, which begins with .version, got " + shown(token));
  while (token.kind != Token::End)
    if (!topLevel())
      return false;
  return true;
}

/// .version, .target, .address_size, .file and .section: all but the target tells nothing that is needed here.
bool Parser::skipDirective() {
  uint32_t line = token.line;
  bool isTarget = token.is(".target"), isSize = token.is(".address_size"), isVersion = token.is(".version");
  advance();
  if (isVersion) { // "7" and ".0"
    module.version = unsigned(token.bits) * 10;
    advance();
    if (token.kind == Token::Name && token.text.size() == 2)
      module.version += unsigned(token.text[1] - '0');
  }
  if (isTarget)
    module.target = token.text;
  if (isSize && token.bits != 64)
    return problem("expected addresses of 64 bits, got " + shown(token));
  while (token.kind != Token::End && token.line == line)
    advance();
  return true;
}

bool Parser::topLevel() {
  static constexpr std::string_view directives[] = {".version", ".target", ".address_size", ".file"};
  if (std::find(std::begin(directives), std::end(directives), token.text) != std::end(directives))
    return skipDirective();
  if (acceptName(".section")) {
    advance();
    return skipBody();
  }
  bool external = false;
  while (token.is(".visible") || token.is(".extern") || token.is(".weak") || token.is(".common")) {
    external |= token.is(".extern");
    advance();
  }
  if (acceptName(".entry"))
    return function();
  if (token.is(".func"))
    return skipBody(); // only a call could reach it, and calls are refused
  if (acceptName(".global"))
    return moduleVariable(false, external);
  if (acceptName(".const"))
    return moduleVariable(true, external);
  if (acceptName(".shared")) {
    Declaration made;
    if (!declaration(made) || !expect(';'))
      return false;
    sharedVariables.push_back({made.name, made.bytes, made.alignment});
    return true;
  }
  return problem("expected a declaration, got " + shown(token));
}

/// To the end of a `{...}`, or of a declaration without one.
bool Parser::skipBody() {
  while (token.kind != Token::End && !token.is('{'))
    if (accept(';'))
      return true;
    else
      advance();
  for (unsigned depth = 0; token.kind != Token::End;) {
    depth += token.is('{');
    depth -= token.is('}');
    advance();
    if (depth == 0)
      return true;
  }
  return problem("expected '}', got the end of the text");
}

/// [.align N] [.v2|.v4] .type [.ptr [.space] [.align N]] name[N][M]
bool Parser::declaration(Declaration &out) {
  uint64_t number = 0;
  while (token.kind == Token::Name && token.text[0] == '.') {
    std::string_view word = token.text;
    advance();
    if (word == ".align") {
      if (!integer(number))
        return false;
      if (number == 0 || number > 4096 || (number & (number - 1)))
        return problem("expected an alignment that is a power of two up to 4096, got " + std::to_string(number));
      out.alignment = std::max(out.alignment, uint32_t(number));
    } else if (word == ".v2" || word == ".v4") {
      out.vector = word == ".v2" ? 2 : 4;
    } else if (word == ".ptr") {
      while (token.kind == Token::Name && token.text[0] == '.') // of what it points to
        if (acceptName(".align") ? !integer(number) : (advance(), false))
          return false;
    } else if (Type type = typeNamed(word.substr(1)); type != Type::None) {
      out.type = type;
    } else if (word != ".attribute") {
      return problem("unknown '" + std::string(word) + "' in a declaration");
    }
  }
  if (out.type == Type::None)
    return problem("expected a type, got " + shown(token));
  if (!name(out.name))
    return false;
  out.bytes = uint64_t(bytesOf(out.type)) * out.vector;
  out.alignment = std::max(out.alignment, uint32_t(out.bytes));
  while (accept('[')) {
    out.isArray = true;
    number = 0;
    if (!token.is(']') && !integer(number))
      return false;
    if (number > (uint64_t(1) << 32))
      return problem("an array of " + std::to_string(number) + " elements is too large");
    out.bytes *= number;
    if (!expect(']'))
      return false;
  }
  return true;
}

bool Parser::moduleVariable(bool constant, bool external) {
  Declaration made;
  if (!declaration(made))
    return false;
  if (external && !made.bytes)
    return problem("variable '" + std::string(made.name) + "' has no extent");
  if (made.bytes > (uint64_t(1) << 32))
    return problem("variable '" + std::string(made.name) + "' is too large");
  std::vector<uint8_t> data(made.bytes);
  if (accept('=') && !initializer(made, data))
    return false;
  uint64_t address = module.memory.allocate(made.bytes, constant);
  if (!address)
    return problem("no memory for variable '" + std::string(made.name) + "'");
  std::copy(data.begin(), data.end(), module.memory.host(address, 0));
  module.variables[std::string(made.name)] = {address, made.bytes};
  return expect(';');
}

bool Parser::initializer(const Declaration &declaration, std::vector<uint8_t> &data) {
  uint64_t limit = data.size();
  data.clear();
  unsigned depth = 0;
  do {
    while (accept('{'))
      ++depth;
    if (!token.is('}') && !initialValue(bytesOf(declaration.type), data, limit))
      return false;
    while (depth && accept('}'))
      --depth;
  } while (accept(','));
  data.resize(limit);
  return depth == 0 || problem("expected '}', got " + shown(token));
}

/// A number, `variable+offset` or `generic(variable)+offset`.
bool Parser::initialValue(unsigned bytes, std::vector<uint8_t> &data, uint64_t limit) {
  uint64_t value = 0;
  if (token.kind == Token::Name) {
    std::string_view symbol;
    bool generic = acceptName("generic") && expect('(');
    if (!name(symbol) || (generic && !expect(')')))
      return false;
    auto found = module.variables.find(symbol);
    if (found == module.variables.end())
      return problem("'" + std::string(symbol) + "' is no variable declared before");
    value = found->second.address;
    uint64_t offset = 0;
    if (accept('+') && !integer(offset))
      return false;
    value += offset;
  } else if (token.kind == Token::Float || token.kind == Token::Double) {
    value = token.bits;
    advance();
  } else if (!integer(value)) {
    return false;
  }
  if (data.size() + bytes > limit)
    return problem("more values than the variable has elements");
  for (unsigned byte = 0; byte < bytes; ++byte)
    data.push_back(uint8_t(value >> 8 * byte));
  return true;
}

bool Parser::parameters(Kernel &kernel) {
  if (!accept('('))
    return true;
  while (!token.is(')')) {
    Declaration made;
    if (!acceptName(".param"))
      return problem("expected .param, got " + shown(token));
    if (!declaration(made))
      return false;
    uint32_t offset = (kernel.parameterBytes + made.alignment - 1) / made.alignment * made.alignment;
    if (offset + made.bytes > 32764)
      return problem("the parameters of kernel '" + kernel.name + "' have more than 32764 bytes");
    kernel.parameters.push_back({std::string(made.name), offset, uint32_t(made.bytes)});
    kernel.parameterBytes = offset + uint32_t(made.bytes);
    if (!accept(',') && !token.is(')'))
      return problem("expected ')', got " + shown(token));
  }
  return expect(')');
}

/// .maxntid, .reqntid and those that only advise.
bool Parser::bounds(Kernel &kernel) {
  static constexpr std::string_view known[] = {".maxntid", ".reqntid", ".minnctapersm", ".maxnreg", ".noreturn"};
  while (token.kind == Token::Name && token.text[0] == '.') {
    std::string_view word = token.text;
    if (std::find(std::begin(known), std::end(known), word) == std::end(known))
      return problem("'" + std::string(word) + "' is not executed here");
    advance();
    uint64_t values[3] = {1, 1, 1};
    unsigned count = 0;
    while (token.kind == Token::Integer && count < 3) {
      if (!integer(values[count++]))
        return false;
      if (!accept(','))
        break;
    }
    if (word == ".maxntid")
      kernel.maxThreads = uint32_t(values[0] * values[1] * values[2]);
    else if (word == ".reqntid")
      std::copy(values, values + 3, kernel.requiredThreads);
  }
  return true;
}

bool Parser::function() {
  auto kernel = std::make_unique<Kernel>();
  std::string_view symbol;
  if (!name(symbol))
    return false;
  kernel->name = symbol;
  if (!parameters(*kernel) || !bounds(*kernel))
    return false;
  if (accept(';'))
    return true; // declared only
  Decoder decoder(module, *kernel, sharedVariables);
  if (!body(decoder))
    return false;
  decoder.finish();
  if (!decoderIsWell(decoder))
    return false;
  module.kernelList.push_back(std::move(kernel));
  return true;
}

std::unique_ptr<Module> Module::parse(std::string_view text, Memory &memory, std::string &error) {
  std::unique_ptr<Module> module(new Module(memory));
  Parser parser(text, *module);
  if (parser.parse())
    return module;
  error = parser.error;
  return nullptr;
}

Module::Module(Memory &memory) : memory(memory) {}

Module::~Module() {
  for (auto &entry : variables)
    memory.release(entry.second.address);
}

Kernel *Module::kernel(const std::string &name) {
  for (auto &one : kernelList)
    if (one->name == name)
      return one.get();
  return nullptr;
}

uint64_t Module::variable(const std::string &name, uint64_t &bytes) const {
  auto found = variables.find(name);
  bytes = found == variables.end() ? 0 : found->second.bytes;
  return found == variables.end() ? 0 : found->second.address;
}
