// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads a module's text and hands each declaration and instruction to a kernel's decoder.

#ifndef PTX_PARSER_H
#define PTX_PARSER_H

#include "Decoder.h"
#include "Lexer.h"

namespace ptx {

class Parser {
public:
  Parser(std::string_view text, Module &module) : lexer(text), module(module) { advance(); }
  bool parse();
  std::string error;

private:
  struct Declaration {
    Type type = Type::None;
    uint64_t bytes = 0; // of the whole variable; 0 for an array without extent
    uint32_t alignment = 0;
    std::string_view name;
    uint32_t vector = 1;
    bool isArray = false;
  };

  void advance() { token = lexer.next(); }
  bool problem(const std::string &what);
  bool expect(char c);
  bool accept(char c);
  bool acceptName(std::string_view name);
  bool name(std::string_view &out);
  bool integer(uint64_t &out);

  bool topLevel();
  bool skipDirective();
  bool skipBody();
  bool function();
  bool parameters(Kernel &kernel);
  bool bounds(Kernel &kernel);
  bool body(Decoder &decoder);
  bool bodyItem(Decoder &decoder);
  bool registers(Decoder &decoder);
  bool declaration(Declaration &out);
  bool moduleVariable(bool constant, bool external);
  bool initializer(const Declaration &declaration, std::vector<uint8_t> &data);
  bool initialValue(unsigned bytes, std::vector<uint8_t> &data, uint64_t limit);
  bool labelOrInstruction(Decoder &decoder);
  bool decoderIsWell(const Decoder &decoder);
  bool branchTargets(Decoder &decoder, std::string_view label);
  bool operand(Operand &out);
  bool addressOperand(Operand &out);

  Lexer lexer;
  Module &module;
  Token token;
  Statement statement;
  std::vector<SharedVariable> sharedVariables; // of the module
  unsigned scopes = 0;
};

} // namespace ptx

#endif
