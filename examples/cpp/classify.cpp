// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the compiled digits model on drawings, on two threads.

#include "digits.h"

#include "Model.h"

#include <array>
#include <iostream>

// Pixels from 0 to 16, as one digit each: 0 to 9, a to g.
static const std::array<std::string, 3> drawings = {
    "002d0000" "00cc0000" "02g20000" "04e87200" "08fcdf20" "02f107b0" "00d85d90" "002dgb10", // a six
    "007db100" "06ece900" "05e3a900" "008fe200" "001eg600" "00993f40" "00c51b80" "007gg910", // an eight
    "003fc200" "001gg600" "004gg200" "003gg600" "004gg000" "001fg600" "004gg400" "004gg600", // a one
};

static float pixel(char digit) { return float(digit <= '9' ? digit - '0' : digit - 'a' + 10) / 16; }

int main() {
  std::vector<float> images, logits(drawings.size() * 10);
  for (const std::string &drawing : drawings)
    for (char digit : drawing)
      images.push_back(pixel(digit));

  Model model(digits_describe, digits_arena_bytes, digits_run, {int64_t(drawings.size())});
  Threads threads(2);
  model.run({images.data()}, {logits.data()}, &threads);

  for (auto row = logits.begin(); row != logits.end(); row += 10)
    std::cout << "image " << (row - logits.begin()) / 10 << " shows a " << std::max_element(row, row + 10) - row << "\n";
}
