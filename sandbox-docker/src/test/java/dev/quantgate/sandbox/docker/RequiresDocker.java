package dev.quantgate.sandbox.docker;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * For tests that need an engine with the sandbox's image. Where there is none they are skipped with
 * the reason, unless QUANTGATE_REQUIRE_DOCKER is set, as it is in CI: then the reason is a failure.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresDocker.Condition.class)
@interface RequiresDocker {

  final class Condition implements ExecutionCondition {
    private static final Optional<String> WHY_NOT = new DockerProvider().unavailable();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (WHY_NOT.isEmpty()) {
        return ConditionEvaluationResult.enabled("an engine with the sandbox's image answers");
      }
      if (System.getenv("QUANTGATE_REQUIRE_DOCKER") != null) {
        throw new IllegalStateException("QUANTGATE_REQUIRE_DOCKER is set, but " + WHY_NOT.get());
      }
      return ConditionEvaluationResult.disabled(WHY_NOT.get());
    }
  }
}
