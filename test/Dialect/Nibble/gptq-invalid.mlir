// RUN: nibble-opt %s --nibble-gptq="bits=9" --verify-diagnostics
// RUN: nibble-opt %s --nibble-ada-round="bits=9" --verify-diagnostics

// expected-error @below {{cannot round to 9 bits: expected 2 to 8}}
module {}
