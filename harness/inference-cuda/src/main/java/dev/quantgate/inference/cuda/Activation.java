package dev.quantgate.inference.cuda;

/** The element type of activations, keys and values. */
enum Activation {
  F16,
  BF16;

  /** Its part of a kernel's name. */
  String suffix() {
    return this == F16 ? "f16" : "bf16";
  }
}
