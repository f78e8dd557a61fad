package dev.quantgate.evaluation.suite.file;

import dev.quantgate.evaluation.protocol.Item;
import dev.quantgate.evaluation.protocol.Key;
import java.util.List;

/**
 * An item of a user's suite with all of its texts.
 *
 * @param prefixes header and few-shot examples, with all of them first and then with one less each
 *     time; items with equal ones share their strings
 * @param text what stands behind the prefix
 * @param continuations what is scored behind it; empty where the model writes
 */
record FileItem(
    String id,
    String stratum,
    String cluster,
    List<String> prefixes,
    String text,
    List<String> continuations,
    Key key)
    implements Item {
  FileItem {
    prefixes = List.copyOf(prefixes);
    continuations = List.copyOf(continuations);
  }

  @Override
  public int choices() {
    return continuations.size();
  }
}
