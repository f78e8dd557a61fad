package dev.quantgate.evaluation.protocol;

import java.util.List;

/**
 * An item, ready to be asked.
 *
 * @param item what it asks about
 * @param requests what to ask, the preferred form first; each later one is a shorter form (a demo
 *     less) to be used where the one before does not fit the model's context. At least one; forms
 *     of one subject share the strings of their prefixes.
 * @param key what makes an answer right
 */
public record Question(Item item, List<Request> requests, Key key) {
  public Question {
    requests = List.copyOf(requests);
    if (requests.isEmpty()) {
      throw new IllegalArgumentException("question %s has no request".formatted(item.id()));
    }
  }

  public Question(Item item, Request request, Key key) {
    this(item, List.of(request), key);
  }

  /** The item's id. */
  public String id() {
    return item.id();
  }

  /** The preferred form. */
  public Request request() {
    return requests.getFirst();
  }
}
