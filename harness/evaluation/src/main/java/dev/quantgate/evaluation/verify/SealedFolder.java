package dev.quantgate.evaluation.verify;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.record.Checksums;
import dev.quantgate.evaluation.record.EvaluationException;
import dev.quantgate.evaluation.record.SealedText;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder of a finished result with its list of hashes: hands out its files' objects as they lie
 * there, each file's chain of checksums looked at once, and tells what does not fit.
 */
final class SealedFolder {
  private final Path folder;
  private final String prefix;
  private final Findings findings;
  private final Map<String, String> listed = new HashMap<>();
  private final Map<String, List<SealedText>> opened = new HashMap<>();

  /**
   * @param prefix stands before the files' names in what is told: empty, or "candidate/"
   * @throws EvaluationException if the folder has no list
   */
  SealedFolder(Path folder, String prefix, Findings findings) {
    this.folder = folder;
    this.prefix = prefix;
    this.findings = findings;
    if (!Checksums.exist(folder)) {
      throw new EvaluationException(
          EvaluationException.Kind.INPUT,
          "%s: expected checksums.json, which every finished result has, found none; an unfinished run, or one of QuantGate's first release, cannot be verified"
              .formatted(folder));
    }
    SealedText list = object(Checksums.NAME);
    try {
      listed.putAll(list.as(Checksums.class).files());
    } catch (IllegalArgumentException e) {
      findings.add(
          new Difference(name(Checksums.NAME), 0, "", String.valueOf(e.getMessage()), "", "form"));
    }
  }

  /** A file's name as it is told. */
  String name(String file) {
    return prefix + file;
  }

  Path path(String file) {
    return folder.resolve(file);
  }

  boolean has(String file) {
    return Files.isRegularFile(path(file), LinkOption.NOFOLLOW_LINKS);
  }

  /** The lines of a file. */
  List<SealedText> lines(String file) {
    return open(file, () -> SealedText.lines(path(file)));
  }

  /** A file of one object. */
  SealedText object(String file) {
    return open(file, () -> List.of(SealedText.page(path(file)))).getFirst();
  }

  /** A file's one object as a value; empty where there is none. */
  <T> Optional<T> value(String file, Class<T> type) {
    return has(file) ? value(file, object(file), type) : missing(file);
  }

  private <T> Optional<T> value(String file, SealedText text, Class<T> type) {
    try {
      return Optional.of(text.as(type));
    } catch (IllegalArgumentException e) {
      if (text.sound()) {
        findings.add(
            new Difference(
                name(file), text.line(), "", String.valueOf(e.getMessage()), "", "its form"));
      }
      return Optional.empty();
    }
  }

  private <T> Optional<T> missing(String file) {
    findings.add(new Difference(name(file), 0, "", "nothing", "a file", "the form of a result"));
    return Optional.empty();
  }

  /** The values of all lines of a file; empty where one of them is none. */
  <T> Optional<List<T>> values(String file, Class<T> type) {
    if (!has(file)) {
      return missing(file);
    }
    List<T> values = new ArrayList<>();
    List<SealedText> lines = lines(file);
    for (SealedText line : lines) {
      value(file, line, type).ifPresent(values::add);
    }
    return values.size() == lines.size() ? Optional.of(values) : Optional.empty();
  }

  /** Holds the lines of a file against what they must be. */
  void compare(String file, List<?> expected, String basis) {
    if (!has(file)) {
      missing(file);
      return;
    }
    List<SealedText> lines = lines(file);
    findings.compare(
        name(file),
        "lines",
        Integer.toString(lines.size()),
        Integer.toString(expected.size()),
        basis);
    for (int i = 0; i < Math.min(lines.size(), expected.size()); i++) {
      findings.compare(name(file), lines.get(i), expected.get(i), basis);
    }
  }

  private interface Reader {
    List<SealedText> read();
  }

  private List<SealedText> open(String file, Reader reader) {
    return opened.computeIfAbsent(
        file,
        each -> {
          List<SealedText> texts = reader.read();
          for (SealedText text : texts) {
            text.damage()
                .ifPresent(
                    damage -> findings.add(Difference.damaged(name(file), text.line(), damage)));
          }
          return texts;
        });
  }

  /** Holds every file against the list, and opens those that nothing has opened. */
  void check(Collection<String> present) {
    listed.forEach((file, wanted) -> {
      if (!path(file).normalize().startsWith(folder.normalize()) || !has(file)) {
        findings.add(
            new Difference(
                name(file), 0, "", "nothing", "a file", "checksums.json, which lists it"));
        return;
      }
      if (file.endsWith(".jsonl")) {
        lines(file);
      } else if (file.endsWith(".json") && !file.endsWith("schema.json")) {
        object(file);
      }
      String found = Sha256.hex(path(file));
      boolean told =
          opened.getOrDefault(file, List.of()).stream().anyMatch(text -> text.damage().isPresent());
      if (!found.equals(wanted) && !told) {
        findings.add(new Difference(name(file), 0, "sha256", found, wanted, Checksums.NAME));
      }
    });
    present.stream()
        .filter(file -> !listed.containsKey(file))
        .forEach(file ->
            findings.add(
                new Difference(
                    name(file), 0, "", "a file", "nothing", "checksums.json, which lists none")));
  }

  /** What names the folder in one line. */
  String sha256() {
    return Checksums.of(folder);
  }
}
