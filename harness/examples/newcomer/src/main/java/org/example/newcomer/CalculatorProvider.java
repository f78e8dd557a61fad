package org.example.newcomer;

import dev.quantgate.inference.EngineOptions;
import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import dev.quantgate.inference.LanguageModel;
import dev.quantgate.inference.ModelReference;
import java.util.Optional;

/** Opens {@code calc://exact}, and {@code calc://forgetful}, which forgets what is carried. */
public final class CalculatorProvider implements EngineProvider {
  @Override
  public String kind() {
    return "calculator";
  }

  @Override
  public int preference() {
    return 0;
  }

  @Override
  public Optional<String> unavailable() {
    return Optional.empty();
  }

  @Override
  public boolean opens(ModelReference reference) {
    return reference instanceof ModelReference.Address(var uri) && "calc".equals(uri.getScheme());
  }

  @Override
  public LanguageModel load(ModelReference reference, EngineOptions options) {
    return switch (reference.toString()) {
      case "calc://exact" -> new Calculator("exact", true);
      case "calc://forgetful" -> new Calculator("forgetful", false);
      default ->
          throw new InferenceException(
              Kind.UNSUPPORTED,
              "expected calc://exact or calc://forgetful, found %s".formatted(reference));
    };
  }
}
