package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.ModelConfig.Rope;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.checkpoint.ZeroPoints;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/** A checkpoint of seeded random weights in memory: any architecture, any format, odd sizes. */
final class RandomCheckpoint implements Checkpoint {

  /** What a case varies. */
  record Shape(
      String name,
      int hidden,
      int intermediate,
      int heads,
      int keyValueHeads,
      int headSize,
      Rope rope,
      int window,
      boolean queryKeyNorm,
      boolean biases,
      boolean tied,
      Format format) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** How linear layers are stored; {@code groupSize} 0 means floating point. */
  record Format(
      DType dtype, int groupSize, boolean symmetric, boolean scattered, ZeroPoints zeroPoints) {
    static Format floats(DType dtype) {
      return new Format(dtype, 0, false, false, ZeroPoints.STORED);
    }
  }

  static final int VOCABULARY = 203;
  private static final int LAYERS = 2;

  /** Every architecture and every format, each with sizes that fit no vector. */
  static List<Shape> shapes() {
    var plain = new Rope.Default(10_000);
    var f16 = Format.floats(DType.F16);
    var shapes = new ArrayList<Shape>();
    shapes.add(
        new Shape(
            "multi-head f32",
            64,
            96,
            4,
            4,
            16,
            plain,
            0,
            false,
            false,
            false,
            Format.floats(DType.F32)));
    shapes.add(
        new Shape(
            "grouped bf16",
            72,
            100,
            6,
            2,
            12,
            plain,
            0,
            false,
            false,
            false,
            Format.floats(DType.BF16)));
    shapes.add(new Shape("three to one f16", 96, 112, 9, 3, 32, plain, 0, false, false, true, f16));
    shapes.add(
        new Shape("seven to one, biases, tied", 56, 90, 7, 1, 8, plain, 0, false, true, true, f16));
    shapes.add(
        new Shape(
            "query and key norms",
            64,
            96,
            4,
            2,
            48,
            new Rope.Default(1e6),
            0,
            true,
            false,
            false,
            Format.floats(DType.BF16)));
    shapes.add(new Shape("sliding window", 64, 96, 4, 2, 16, plain, 5, false, false, false, f16));
    shapes.add(
        new Shape("sliding window of one", 64, 96, 2, 1, 32, plain, 1, false, false, false, f16));
    shapes.add(
        new Shape(
            "linear rope",
            64,
            96,
            4,
            2,
            16,
            new Rope.Linear(10_000, 4),
            0,
            false,
            false,
            false,
            f16));
    shapes.add(
        new Shape(
            "llama3 rope",
            64,
            96,
            4,
            2,
            16,
            new Rope.Llama3(5e5, 8, 1, 4, 64),
            0,
            false,
            false,
            false,
            f16));
    shapes.add(
        new Shape(
            "yarn",
            64,
            96,
            4,
            2,
            16,
            new Rope.Yarn(10_000, 4, 128, 32, 1, 1.1386),
            0,
            false,
            false,
            false,
            f16));
    for (int group : new int[] {8, 32, 64, 128}) {
      for (boolean symmetric : new boolean[] {true, false}) {
        for (boolean scattered : new boolean[] {false, true}) {
          shapes.add(
              new Shape(
                  "int4 group "
                      + group
                      + (symmetric ? " symmetric" : " asymmetric")
                      + (scattered ? " scattered" : ""),
                  128,
                  192,
                  4,
                  2,
                  32,
                  plain,
                  0,
                  false,
                  group == 64,
                  false,
                  new Format(
                      symmetric ? DType.F16 : DType.BF16,
                      group,
                      symmetric,
                      scattered,
                      symmetric ? ZeroPoints.LESS_ONE_PER_FIELD : ZeroPoints.STORED)));
        }
      }
    }
    shapes.add(
        new Shape(
            "int4 whole column of 72",
            72,
            120,
            3,
            3,
            24,
            plain,
            0,
            false,
            false,
            false,
            new Format(DType.F16, -1, false, false, ZeroPoints.LESS_ONE_PER_WORD)));
    return shapes;
  }

  private final Arena arena = Arena.ofShared();
  private final SplittableRandom random;
  private final Shape shape;
  private final ModelConfig config;
  private final Tensor embedding;
  private final List<Block> blocks = new ArrayList<>();
  private final Tensor finalNorm;
  private final Linear head;
  private long bytes;

  RandomCheckpoint(Shape shape, long seed) {
    this.random = new SplittableRandom(seed);
    this.shape = shape;
    this.config =
        new ModelConfig(
            "random",
            VOCABULARY,
            shape.hidden(),
            shape.intermediate(),
            LAYERS,
            shape.heads(),
            shape.keyValueHeads(),
            shape.headSize(),
            512,
            1e-5,
            shape.rope(),
            shape.queryKeyNorm(),
            shape.tied(),
            shape.window() == 0 ? OptionalInt.empty() : OptionalInt.of(shape.window()),
            OptionalInt.empty(),
            List.of(2));
    DType dtype = shape.format().dtype();
    int queries = shape.heads() * shape.headSize();
    int keys = shape.keyValueHeads() * shape.headSize();
    embedding = floats("embedding", dtype, 0.5, 0, VOCABULARY, shape.hidden());
    for (int i = 0; i < LAYERS; i++) {
      Optional<Tensor> none = Optional.empty();
      blocks.add(
          new Block(
              floats("norm", dtype, 0.1, 1, shape.hidden()),
              linear("q", queries, shape.hidden(), shape.biases()),
              linear("k", keys, shape.hidden(), shape.biases()),
              linear("v", keys, shape.hidden(), shape.biases()),
              linear("o", shape.hidden(), queries, false),
              shape.queryKeyNorm()
                  ? Optional.of(floats("qn", dtype, 0.1, 1, shape.headSize()))
                  : none,
              shape.queryKeyNorm()
                  ? Optional.of(floats("kn", dtype, 0.1, 1, shape.headSize()))
                  : none,
              floats("norm", dtype, 0.1, 1, shape.hidden()),
              linear("gate", shape.intermediate(), shape.hidden(), false),
              linear("up", shape.intermediate(), shape.hidden(), false),
              linear("down", shape.hidden(), shape.intermediate(), false)));
    }
    finalNorm = floats("norm", dtype, 0.1, 1, shape.hidden());
    head =
        shape.tied()
            ? new Linear.Dense("head", embedding, Optional.empty())
            : new Linear.Dense(
                "head",
                floats("head", dtype, 0.3, 0, VOCABULARY, shape.hidden()),
                Optional.empty());
  }

  private Tensor floats(
      String name, DType dtype, double deviation, double mean, long... dimensions) {
    long n = 1;
    for (long d : dimensions) {
      n *= d;
    }
    // An odd address, as tensors in a file may have.
    MemorySegment data = arena.allocate(n * dtype.bytes() + 1, 1).asSlice(1);
    bytes += n * dtype.bytes();
    for (long i = 0; i < n; i++) {
      float value = (float) (mean + deviation * random.nextGaussian());
      switch (dtype) {
        case F32 -> data.set(Widen.FLOAT, 4 * i, value);
        case F16 -> data.set(Widen.SHORT, 2 * i, Float.floatToFloat16(value));
        case BF16 -> data.set(Widen.SHORT, 2 * i, (short) (Float.floatToIntBits(value) >>> 16));
        case I32 -> throw new AssertionError();
      }
    }
    return new Tensor(name, dtype, dimensions, data);
  }

  private Tensor integers(String name, int[] values, long... dimensions) {
    MemorySegment data = arena.allocate(4L * values.length, 4);
    MemorySegment.copy(values, 0, data, Widen.INT, 0, values.length);
    bytes += 4L * values.length;
    return new Tensor(name, DType.I32, dimensions, data);
  }

  private Linear linear(String name, int outputs, int inputs, boolean biased) {
    Format format = shape.format();
    Optional<Tensor> bias =
        biased
            ? Optional.of(floats(name + ".bias", format.dtype(), 0.5, 0, outputs))
            : Optional.empty();
    double deviation = 1 / Math.sqrt(inputs);
    if (format.groupSize() == 0) {
      return new Linear.Dense(
          name, floats(name, format.dtype(), deviation, 0, outputs, inputs), bias);
    }
    int size = format.groupSize() < 0 ? inputs : format.groupSize();
    int groups = (inputs + size - 1) / size;
    int[] words = new int[(inputs + 7) / 8 * outputs];
    for (int i = 0; i < words.length; i++) {
      words[i] = random.nextInt();
    }
    int[] zeros = new int[groups * ((outputs + 7) / 8)];
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = format.symmetric() ? 0x77777777 : random.nextInt();
    }
    int[] groupOf = new int[inputs];
    for (int k = 0; k < inputs; k++) {
      groupOf[k] = k / size;
    }
    if (format.scattered()) {
      for (int k = inputs - 1; k > 0; k--) {
        int other = random.nextInt(k + 1);
        int kept = groupOf[k];
        groupOf[k] = groupOf[other];
        groupOf[other] = kept;
      }
    }
    return new Linear.Gptq(
        name,
        4,
        size,
        inputs,
        outputs,
        integers(name, words, (inputs + 7) / 8, outputs),
        integers(name, zeros, groups, (outputs + 7) / 8),
        format.zeroPoints(),
        floats(name, format.dtype(), deviation / 8, 0, groups, outputs),
        format.scattered() ? Optional.of(integers(name, groupOf, inputs)) : Optional.empty(),
        bias);
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  @Override
  public Tensor embedding() {
    return embedding;
  }

  @Override
  public List<Block> blocks() {
    return blocks;
  }

  @Override
  public Tensor finalNorm() {
    return finalNorm;
  }

  @Override
  public Linear head() {
    return head;
  }

  @Override
  public long weightBytes() {
    return bytes;
  }

  @Override
  public String weightFormat() {
    return shape.name();
  }

  @Override
  public String weightsSha256() {
    return "";
  }

  @Override
  public String configSha256() {
    return "";
  }

  @Override
  public void close() {
    arena.close();
  }
}
