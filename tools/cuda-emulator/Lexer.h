// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens of PTX.

#ifndef PTX_LEXER_H
#define PTX_LEXER_H

#include <cstdint>
#include <string_view>

namespace ptx {

struct Token {
  enum Kind : uint8_t { End, Name, Integer, Float, Double, String, Punctuation, Bad };
  Kind kind = End;
  char punctuation = 0;
  std::string_view text; // a name with all its dots: "ld.global.b32", "%tid.x", ".reg"
  uint64_t bits = 0;     // of a number
  uint32_t line = 1;

  bool is(char c) const { return kind == Punctuation && punctuation == c; }
  bool is(std::string_view name) const { return kind == Name && text == name; }
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : at(text.data()), end(text.data() + text.size()) {}
  Token next();

private:
  void skipSpace();
  Token number();
  const char *at, *end;
  uint32_t line = 1;
};

} // namespace ptx

#endif
