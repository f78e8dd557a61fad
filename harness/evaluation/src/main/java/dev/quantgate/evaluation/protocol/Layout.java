package dev.quantgate.evaluation.protocol;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * How a check program is put together. It moves HumanEval's score as much as int4 does (one problem
 * uses hashlib without importing it), so it is named in every result.
 */
public enum Layout {
  /** As openai/human-eval has it: nothing before the prompt. */
  OPENAI("openai", ""),
  /** The imports that most harnesses put in front. */
  IMPORT_PRELUDE(
      "import-prelude",
      """
      import math
      import re
      import sys
      import copy
      import datetime
      import itertools
      import collections
      import heapq
      import statistics
      import functools
      import hashlib
      import string
      from typing import *
      from collections import *
      """);

  private final String id;
  private final String prelude;

  Layout(String id, String prelude) {
    this.id = id;
    this.prelude = prelude;
  }

  /** What the user types and results name. */
  public String id() {
    return id;
  }

  /** What stands before the prompt. */
  public String prelude() {
    return prelude;
  }

  /**
   * The layout of that id.
   *
   * @throws IllegalArgumentException naming the known ones
   */
  public static Layout of(String id) {
    return Arrays.stream(values())
        .filter(layout -> layout.id.equals(id))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "unknown layout \"%s\"; known: %s"
                    .formatted(
                        id,
                        Arrays.stream(values())
                            .map(Layout::id)
                            .collect(Collectors.joining(", ")))));
  }
}
