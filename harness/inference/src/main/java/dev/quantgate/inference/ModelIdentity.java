package dev.quantgate.inference;

import java.util.Optional;

/**
 * What must be equal for two loads to be the same model. Caches and resumption are keyed by it,
 * never by a name or a path. What an engine cannot know (of a served model) is absent.
 *
 * @param engine the engine's kind and the revision of its numbers; behind a space what the last
 *     bits depend on besides, such as the width of the machine's vectors: "cpu/1 512-bit"
 * @param architecture the model type of config.json, such as "llama"
 * @param weightsSha256 over the files that hold weights, in the order of their names
 * @param configSha256 over what changes numbers: config.json and the quantisation config
 * @param tokenizerSha256 over the tokenizer's files
 * @param weightFormat for people: "F16", "BF16", "int4 g64 sym" and so on
 */
public record ModelIdentity(
    String engine,
    Optional<String> architecture,
    Optional<String> weightsSha256,
    Optional<String> configSha256,
    Optional<String> tokenizerSha256,
    Optional<String> weightFormat) {}
