package dev.quantgate.inference;

import dev.quantgate.inference.InferenceException.Kind;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** What a user types for a model, parsed once. {@code toString} gives it as it was typed. */
public sealed interface ModelReference {

  /** A checkpoint folder. */
  record Folder(Path path) implements ModelReference {
    @Override
    public String toString() {
      return path.toString();
    }
  }

  /** Answers recorded elsewhere, in a file or folder: no engine opens them. */
  record Replay(Path path) implements ModelReference {
    @Override
    public String toString() {
      return REPLAY + path;
    }
  }

  /** A served model. */
  record Address(URI uri) implements ModelReference {
    @Override
    public String toString() {
      return uri.toString();
    }
  }

  /** What stands before the path of recorded answers. */
  String REPLAY = "replay:";

  /** What an address begins with, so that {@code C:\models} is a path. */
  Pattern SCHEME = Pattern.compile("[a-z][a-z0-9+.-]+://.*");

  /**
   * Parses a reference. Nothing is looked up: a folder need not exist.
   *
   * @throws InferenceException of kind UNSUPPORTED if it is neither a path nor an address
   */
  static ModelReference parse(String text) {
    try {
      if (text.startsWith(REPLAY)) {
        return new Replay(Path.of(text.substring(REPLAY.length())));
      }
      if (SCHEME.matcher(text).matches()) {
        return new Address(new URI(text));
      }
      return new Folder(Path.of(text));
    } catch (InvalidPathException e) {
      throw new InferenceException(
          Kind.UNSUPPORTED, "\"%s\" is no path: %s".formatted(text, e.getReason()), e);
    } catch (URISyntaxException e) {
      throw new InferenceException(
          Kind.UNSUPPORTED, "\"%s\" is no address: %s".formatted(text, e.getReason()), e);
    }
  }
}
