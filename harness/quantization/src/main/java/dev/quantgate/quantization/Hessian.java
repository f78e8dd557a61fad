package dev.quantgate.quantization;

import dev.quantgate.inference.BlockwiseModel.Matrix;

/** Stage. */
final class Hessian {
  Hessian(String layers, Workers workers) {}

  void add(Matrix rows) {}
}
