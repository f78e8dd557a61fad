package dev.quantgate.quantization;

import dev.quantgate.inference.BlockwiseModel.Matrix;
import java.util.OptionalDouble;

/** Stage. */
final class LayerSolver {
  LayerSolver(Hessian h, Scheme s, ActOrder a, ClipSearch c, double damping, Workers w) {}

  record Solution(QuantizedLayer layer, QuantizationMethod chosen, double rtnLoss, OptionalDouble gptqLoss) {}

  Solution solve(String name, Matrix weight) {
    throw new QuantizationException("method gptq is not there yet; use rtn");
  }

  OptionalDouble damping() {
    return OptionalDouble.empty();
  }

  int deadInputs() {
    return 0;
  }

  String note() {
    return "";
  }
}
