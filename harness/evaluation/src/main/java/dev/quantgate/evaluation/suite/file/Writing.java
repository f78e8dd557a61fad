package dev.quantgate.evaluation.suite.file;

import dev.quantgate.inference.Decoding;
import java.util.List;

/** How long a text a user's suite asks for and where it stops. */
record Writing(Decoding decoding) {
  static final List<String> KEYS = List.of("stop", "max-new-tokens");
  private static final int USUAL_TOKENS = 512;
  private static final int MOST_TOKENS = 1 << 20;

  static Writing of(YamlMapping yaml) {
    List<String> stop = yaml.texts("stop");
    if (stop.contains("")) {
      throw yaml.at("stop", "expected stop strings, found an empty one");
    }
    return new Writing(
        Decoding.greedy(yaml.number("max-new-tokens", 1, MOST_TOKENS, USUAL_TOKENS), stop));
  }

  /** Cuts at the earliest stop string, should whoever wrote the text not have stopped there. */
  String cut(String text) {
    int end = text.length();
    for (String stop : decoding.stop()) {
      int at = text.indexOf(stop);
      end = at < 0 ? end : Math.min(end, at);
    }
    return text.substring(0, end);
  }
}
