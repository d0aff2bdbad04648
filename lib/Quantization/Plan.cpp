// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nibble/Quantization/Plan.h"
#include "nibble/Support/Errors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace nibble;
using namespace llvm;

static constexpr StringLiteral kWeights[] = {"int8", "int4", "int2", "float"};
static constexpr StringLiteral kActivations[] = {"uint8", "int8", "int8-symmetric", "int16", "float"};
static constexpr StringLiteral kModes[] = {"static", "dynamic", "weight-only"};

/// Checks that `value` is one of `words`.
static Expected<std::string> parseWord(const Twine &where, const json::Value &value, ArrayRef<StringLiteral> words) {
  auto word = value.getAsString();
  if (word && is_contained(words, *word))
    return word->str();
  std::string got;
  raw_string_ostream(got) << value;
  return makeError(where + ": expected one of " + join(words, ", ") + ", got " + got);
}

static Expected<Precision> parsePrecision(const Twine &where, const json::Value &value) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return makeError(where + ": expected an object");
  Precision precision;
  for (const auto &[key, word] : *object) {
    StringRef name = key;
    ArrayRef<StringLiteral> words = name == "weights"       ? ArrayRef<StringLiteral>(kWeights)
                                    : name == "activations" ? ArrayRef<StringLiteral>(kActivations)
                                    : name == "mode"        ? ArrayRef<StringLiteral>(kModes)
                                                            : ArrayRef<StringLiteral>();
    if (words.empty())
      return makeError(where + ": unknown key '" + name + "': expected weights, activations or mode");
    Expected<std::string> parsed = parseWord(where + ", '" + name + "'", word, words);
    if (!parsed)
      return parsed.takeError();
    (name == "weights" ? precision.weights : name == "mode" ? precision.mode : precision.activations) = *parsed;
  }
  return precision;
}

static Error parseNodes(const json::Object &nodes, Plan &plan) {
  for (const auto &[name, value] : nodes) {
    Expected<Precision> precision = parsePrecision("node '" + StringRef(name) + "'", value);
    if (!precision)
      return precision.takeError();
    plan.nodes[StringRef(name).str()] = *precision;
  }
  return Error::success();
}

static Error parseValues(const json::Object &values, Plan &plan) {
  for (const auto &[name, value] : values) {
    Expected<std::string> kind = parseWord("value '" + StringRef(name) + "'", value, kActivations);
    if (!kind)
      return kind.takeError();
    plan.values[StringRef(name).str()] = *kind;
  }
  return Error::success();
}

ArrayRef<StringLiteral> nibble::getWeightWords() { return kWeights; }

unsigned nibble::getWeightBits(StringRef word) { return word == "int4" ? 4 : word == "int2" ? 2 : 8; }

StringRef Plan::getWeights(StringRef node) const {
  auto it = nodes.find(node);
  return it != nodes.end() && !it->second.weights.empty() ? it->second.weights : standard.weights;
}

bool Plan::needsRanges(StringRef mode) const {
  const StringRef usual = standard.mode.empty() ? mode : StringRef(standard.mode);
  return usual == "static" || any_of(nodes, [](const auto &node) { return node.second.mode == "static"; });
}

Expected<Plan> nibble::parsePlan(StringRef text) {
  Expected<json::Value> parsed = json::parse(text);
  if (!parsed)
    return parsed.takeError();
  const json::Object *root = parsed->getAsObject();
  if (!root || root->getInteger("schema") != 1)
    return makeError("expected an object with \"schema\": 1");
  Plan plan;
  for (const auto &[key, value] : *root) {
    StringRef name = key;
    if (name == "schema")
      continue;
    Error error = Error::success();
    if (name == "default") {
      Expected<Precision> precision = parsePrecision("default", value);
      if (precision)
        plan.standard = *precision;
      else
        error = joinErrors(std::move(error), precision.takeError());
    } else if (name == "nodes" && value.getAsObject()) {
      error = joinErrors(std::move(error), parseNodes(*value.getAsObject(), plan));
    } else if (name == "values" && value.getAsObject()) {
      error = joinErrors(std::move(error), parseValues(*value.getAsObject(), plan));
    } else {
      error = joinErrors(std::move(error), makeError("unknown or mistyped key '" + name +
                                                     "': expected schema, default, nodes or values"));
    }
    if (error)
      return std::move(error);
  }
  return plan;
}

Expected<Plan> nibble::readPlanFile(StringRef path) {
  if (path.empty())
    return Plan();
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return makeError("cannot read '" + path + "': " + buffer.getError().message());
  Expected<Plan> plan = parsePlan((*buffer)->getBuffer());
  if (!plan)
    return addContext("'" + path + "'", plan.takeError());
  return plan;
}

static json::Object toJSON(const Precision &precision) {
  json::Object object;
  if (!precision.weights.empty())
    object["weights"] = precision.weights;
  if (!precision.activations.empty())
    object["activations"] = precision.activations;
  if (!precision.mode.empty())
    object["mode"] = precision.mode;
  return object;
}

void nibble::writePlan(const Plan &plan, raw_ostream &os) {
  json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("schema", 1);
    json.attribute("default", toJSON(plan.standard));
    json.attributeObject("nodes", [&] {
      for (const auto &[name, precision] : plan.nodes)
        json.attribute(name, toJSON(precision));
    });
    json.attributeObject("values", [&] {
      for (const auto &[name, kind] : plan.values)
        json.attribute(name, kind);
    });
  });
  os << '\n';
}

StringRef nibble::getNearest(StringRef name, ArrayRef<StringRef> names) {
  StringRef nearest;
  unsigned least = std::max<size_t>(3, name.size() / 2) + 1;
  for (StringRef candidate : names) {
    const unsigned distance = name.edit_distance(candidate, /*AllowReplacements=*/true, least);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}
