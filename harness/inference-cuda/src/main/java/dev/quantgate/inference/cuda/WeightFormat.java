package dev.quantgate.inference.cuda;

/** How a packed matrix is stored: see "PACKED WEIGHTS" in {@code kernels.h}. */
enum WeightFormat {
  I4G128("i4g128", 1072, 1),
  I4G64("i4g64", 1104, 2),
  I4G32("i4g32", 1184, 4),
  F16("f16", 4096, 0),
  BF16("bf16", 4096, 0);

  /** Outputs and inputs of a tile. */
  static final int TILE_OUTPUTS = 16;

  static final int TILE_INPUTS = 128;

  private final String suffix;
  private final int tileBytes;
  private final int tileGroups;

  WeightFormat(String suffix, int tileBytes, int tileGroups) {
    this.suffix = suffix;
    this.tileBytes = tileBytes;
    this.tileGroups = tileGroups;
  }

  /** Its part of a kernel's name. */
  String suffix() {
    return suffix;
  }

  int tileBytes() {
    return tileBytes;
  }

  /** Groups of inputs in a tile; 0 for 16-bit weights. */
  int tileGroups() {
    return tileGroups;
  }

  boolean int4() {
    return tileGroups > 0;
  }
}
