package dev.quantgate.evaluation;

import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.run.RunEnvironment;
import java.nio.file.Path;

/** One model over some suites; references and folder as in {@link RunRequest}. */
public record EvalRequest(String model, RunPlan plan, RunEnvironment environment, Path out) {}
