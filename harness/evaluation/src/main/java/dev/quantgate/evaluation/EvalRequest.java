package dev.quantgate.evaluation;

import dev.quantgate.evaluation.run.Assignment;
import dev.quantgate.evaluation.run.Machinery;
import java.nio.file.Path;

/** One model over some suites; references and folder as in {@link RunRequest}. */
public record EvalRequest(String model, Assignment assignment, Machinery machinery, Path out) {}
