// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Lexer.h"

using namespace ptx;

static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool startsName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '%' || c == '.';
}
static int hexDigit(char c) {
  if (isDigit(c))
    return c - '0';
  char lower = char(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void Lexer::skipSpace() {
  while (at < end) {
    if (*at == '\n') {
      ++line;
      ++at;
    } else if (*at == ' ' || *at == '\t' || *at == '\r') {
      ++at;
    } else if (*at == '/' && at + 1 < end && at[1] == '/') {
      while (at < end && *at != '\n')
        ++at;
    } else if (*at == '/' && at + 1 < end && at[1] == '*') {
      for (at += 2; at < end && !(*at == '*' && at + 1 < end && at[1] == '/'); ++at)
        line += *at == '\n';
      at = end - at < 2 ? end : at + 2;
    } else {
      return;
    }
  }
}

/// Decimal, 0x..., 0b..., octal, 0fXXXXXXXX and 0dXXXXXXXXXXXXXXXX; integers may end with U.
Token Lexer::number() {
  Token token;
  token.kind = Token::Integer;
  token.line = line;
  const char *start = at;
  unsigned base = 10, digits = 0;
  if (*at == '0' && at + 1 < end) {
    char c = char(at[1] | 0x20);
    if (c == 'f' || c == 'd')
      token.kind = c == 'f' ? Token::Float : Token::Double;
    base = c == 'x' || c == 'f' || c == 'd' ? 16 : c == 'b' ? 2 : 8;
    at += base == 8 ? 0 : 2;
  }
  for (; at < end; ++at, ++digits) {
    int digit = hexDigit(*at);
    if (digit < 0 || unsigned(digit) >= base)
      break;
    token.bits = token.bits * base + unsigned(digit);
  }
  bool whole = token.kind == Token::Integer || digits == (token.kind == Token::Float ? 8u : 16u);
  if (at < end && *at == 'U' && token.kind == Token::Integer)
    ++at;
  if (digits == 0 || !whole || (at < end && (startsName(*at) || isDigit(*at))))
    token.kind = Token::Bad;
  token.text = {start, size_t(at - start)};
  return token;
}

Token Lexer::next() {
  skipSpace();
  Token token;
  token.line = line;
  if (at == end)
    return token;
  const char *start = at;
  if (isDigit(*at))
    return number();
  if (startsName(*at)) {
    // "::" belongs to a name (.shared::cta), ":" ends a label.
    while (at < end && (startsName(*at) || isDigit(*at) || (*at == ':' && at + 1 < end && at[1] == ':'))) {
      at += *at == ':' ? 2 : 1;
    }
    token.kind = Token::Name;
  } else if (*at == '"') {
    for (++at; at < end && *at != '"'; ++at)
      line += *at == '\n';
    at += at < end;
    token.kind = Token::String;
  } else {
    token.kind = Token::Punctuation;
    token.punctuation = *at++;
  }
  token.text = {start, size_t(at - start)};
  return token;
}
