// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A kernel's body.
#include "Parser.h"

using namespace ptx;

bool Parser::body(Decoder &decoder) {
  if (!expect('{'))
    return false;
  decoder.pushScope();
  scopes = 1;
  while (scopes)
    if (!bodyItem(decoder))
      return false;
  return true;
}

bool Parser::bodyItem(Decoder &decoder) {
  if (token.kind == Token::End)
    return problem("expected '}', got the end of the text");
  if (accept('{')) {
    decoder.pushScope();
    ++scopes;
    return true;
  }
  if (accept('}')) {
    decoder.popScope();
    --scopes;
    return true;
  }
  if (acceptName(".reg"))
    return registers(decoder);
  if (token.is(".local") || token.is(".shared")) {
    bool shared = token.is(".shared");
    advance();
    Declaration made;
    if (!declaration(made) || !expect(';'))
      return false;
    if (shared)
      decoder.declareShared({made.name, made.bytes, made.alignment});
    else
      decoder.declareLocal(made.name, made.bytes, made.alignment);
    return true;
  }
  if (token.is(".loc")) { // file line column, no ';'
    uint32_t line = token.line;
    while (token.kind != Token::End && token.line == line)
      advance();
    return true;
  }
  if (acceptName(".pragma")) {
    advance();
    return expect(';');
  }
  return labelOrInstruction(decoder);
}

/// .reg .b32 %r<7>, %a;
bool Parser::registers(Decoder &decoder) {
  if (token.kind != Token::Name)
    return problem("expected a type");
  Type type = typeNamed(token.text.substr(1));
  if (type == Type::None)
    return problem("registers of type '" + std::string(token.text) + "' are not executed here");
  advance();
  do {
    std::string_view symbol;
    if (!name(symbol))
      return false;
    if (accept('<')) {
      uint64_t count = 0;
      if (!integer(count) || !expect('>'))
        return false;
      if (count > 1000000)
        return problem("too many registers");
      decoder.declareRegisters(type, symbol, uint32_t(count));
    } else {
      decoder.declareRegister(type, symbol);
    }
  } while (accept(','));
  return expect(';');
}

bool Parser::branchTargets(Decoder &decoder, std::string_view label) {
  std::vector<std::string_view> targets;
  do {
    if (!name(targets.emplace_back()))
      return false;
  } while (accept(','));
  decoder.branchTable(label, std::move(targets));
  return expect(';');
}

/// "ld.global.b32" -> "ld" and {"global", "b32"}
static void splitOpcode(std::string_view text, Statement &statement) {
  size_t dot = text.find('.');
  statement.opcode = text.substr(0, dot);
  statement.modifiers.clear();
  while (dot != std::string_view::npos) {
    size_t next = text.find('.', dot + 1);
    statement.modifiers.push_back(text.substr(dot + 1, next == std::string_view::npos ? next : next - dot - 1));
    dot = next;
  }
}

bool Parser::labelOrInstruction(Decoder &decoder) {
  statement.guard = {};
  statement.guardNegated = false;
  statement.operands.clear();
  statement.line = token.line;
  if (accept('@')) {
    statement.guardNegated = accept('!');
    if (!name(statement.guard))
      return false;
  }
  std::string_view first;
  if (!name(first))
    return false;
  if (statement.guard.empty() && accept(':')) {
    if (acceptName(".branchtargets"))
      return branchTargets(decoder, first);
    decoder.label(first, statement.line);
    return decoderIsWell(decoder);
  }
  splitOpcode(first, statement);
  while (!token.is(';')) {
    if (!operand(statement.operands.emplace_back()))
      return false;
    if (!accept(',') && !token.is(';'))
      return problem("expected ',' or ';', got '" + std::string(token.text) + "'");
  }
  advance();
  decoder.decode(statement);
  return decoderIsWell(decoder);
}

bool Parser::decoderIsWell(const Decoder &decoder) {
  if (decoder.failed())
    error = "line " + std::to_string(decoder.errorLine) + ": " + decoder.error;
  return !decoder.failed();
}

bool Parser::operand(Operand &out) {
  if (token.is('{')) {
    advance();
    out.kind = Operand::Vector;
    while (!token.is('}')) {
      if (token.is('{'))
        return problem("a vector in a vector");
      if (!operand(out.elements.emplace_back()))
        return false;
      if (!accept(',') && !token.is('}'))
        return problem("expected '}', got '" + std::string(token.text) + "'");
    }
    advance();
    return true;
  }
  if (accept('['))
    return addressOperand(out);
  bool minus = accept('-');
  out.negated = !minus && accept('!');
  switch (token.kind) {
  case Token::Name:
    if (minus)
      return problem("a minus in front of a name");
    out.kind = token.text == "_" ? Operand::Sink : Operand::Name;
    out.name = token.text;
    advance();
    if (accept('|'))
      return name(out.second);
    if (out.kind == Operand::Name && accept('+')) { // variable+offset
      uint64_t value = 0;
      if (!integer(value))
        return false;
      out.offset = int64_t(value);
    }
    return true;
  case Token::Integer:
  case Token::Float:
  case Token::Double:
    out.kind = token.kind == Token::Integer ? Operand::Integer
               : token.kind == Token::Float ? Operand::Float
                                            : Operand::Double;
    out.bits = minus ? 0 - token.bits : token.bits;
    if (minus && token.kind != Token::Integer)
      return problem("a minus in front of bits of a float");
    advance();
    return true;
  default:
    return problem("expected an operand, got '" + std::string(token.text) + "'");
  }
}

/// name, name+N, name+-N or N, in brackets whose first is read.
bool Parser::addressOperand(Operand &out) {
  out.kind = Operand::Address;
  uint64_t value = 0;
  if (token.kind == Token::Integer) {
    out.hasNumber = true;
    if (!integer(out.bits))
      return false;
    return expect(']');
  }
  if (!name(out.name))
    return false;
  if (accept('+')) {
    if (!integer(value))
      return false;
  }
  out.offset = int64_t(value);
  return expect(']');
}
