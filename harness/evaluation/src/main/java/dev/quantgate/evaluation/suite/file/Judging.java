package dev.quantgate.evaluation.suite.file;

import dev.quantgate.evaluation.protocol.Answer;
import dev.quantgate.evaluation.protocol.Grading;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.evaluation.protocol.Layout;
import dev.quantgate.evaluation.protocol.Metric;
import dev.quantgate.evaluation.protocol.Question;
import dev.quantgate.evaluation.protocol.Request;
import dev.quantgate.inference.Prompt;
import java.util.List;

/** How a user's suite is asked and judged: what its metric and the keys that belong to it say. */
sealed interface Judging permits ChoiceJudging, ExactMatchJudging, ProgramJudging {
  Metric metric();

  /** What is scored behind a row's text; empty where the model writes. */
  List<String> continuations(Row row);

  /** What makes an answer to a row right. */
  Key key(Row row);

  /** The key in a layout of check programs. */
  default Key inLayout(Key key, Layout layout) {
    return key;
  }

  /** The right answer as a few-shot example shows it. */
  String target(Row row);

  Request request(Prompt prompt, FileItem item);

  Grading grade(Question question, Answer answer);
}
