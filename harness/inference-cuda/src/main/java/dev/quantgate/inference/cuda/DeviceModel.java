package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Stream;
import dev.quantgate.inference.engine.RotaryAngles;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A model's weights on a device, packed for the kernels. */
final class DeviceModel implements AutoCloseable {
  /** One block; query and key norms where the architecture has them. */
  record Block(
      DeviceMemory inputNorm,
      PackedMatrix queryKeyValue,
      @Nullable DeviceMemory queryNorm,
      @Nullable DeviceMemory keyNorm,
      PackedMatrix output,
      DeviceMemory postAttentionNorm,
      PackedMatrix gateUp,
      PackedMatrix down) {

    List<PackedMatrix> matrices() {
      return List.of(queryKeyValue, output, gateUp, down);
    }
  }

  private final ModelConfig config;
  private final Activation type;
  private final Owned owned;
  private final long bytes;
  private final DeviceMemory embedding;
  private final int embeddingType;
  private final List<Block> blocks;
  private final DeviceMemory finalNorm;
  private final PackedMatrix head;
  private final DeviceMemory turns;

  private DeviceModel(Context context, Maker maker, Owned owned) {
    long before = context.allocatedBytes();
    this.config = maker.config();
    this.type = maker.type();
    this.owned = owned;
    this.turns = owned.add(maker.floats(turns(config)));
    this.embedding = owned.add(maker.embedding());
    this.embeddingType = maker.embeddingType();
    var all = new ArrayList<Block>();
    for (int i = 0; i < maker.blocks(); i++) {
      all.add(maker.block(i, owned));
    }
    this.blocks = List.copyOf(all);
    this.finalNorm = owned.add(maker.finalNorm());
    this.head = owned.add(maker.head());
    maker.finish();
    this.bytes = context.allocatedBytes() - before;
  }

  /**
   * Loads a checkpoint's weights.
   *
   * @param name the model, for messages
   */
  static DeviceModel load(
      Context context, Kernels kernels, Stream stream, Checkpoint checkpoint, String name) {
    var owned = new Owned();
    try (var packer = new Packer(context, kernels, stream)) {
      return new DeviceModel(context, new FromCheckpoint(packer, checkpoint, name), owned);
    } catch (RuntimeException | Error e) {
      owned.add(stream::synchronize);
      owned.closeAfter(e);
      throw e;
    }
  }

  /**
   * Loads all but the blocks, which are {@linkplain #block loaded} when they are needed.
   *
   * @param config the checkpoint's, but for its layers: as many as pages of keys and values are for
   */
  static DeviceModel loadWithoutBlocks(
      Context context,
      Packer packer,
      Checkpoint checkpoint,
      ModelConfig config,
      Activation type,
      String name) {
    var owned = new Owned();
    try {
      return new DeviceModel(
          context, new WithoutBlocks(packer, checkpoint, config, type, name), owned);
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
  }

  /** Loads one block; what it takes is added to {@code owned}. */
  static Block block(Packer packer, Checkpoint.Block block, Activation type, Owned owned) {
    return new Block(
        owned.add(packer.vector(block.inputNorm())),
        owned.add(packer.stack(List.of(block.query(), block.key(), block.value()), type)),
        block.queryNorm().map(norm -> owned.add(packer.vector(norm))).orElse(null),
        block.keyNorm().map(norm -> owned.add(packer.vector(norm))).orElse(null),
        owned.add(packer.stack(List.of(block.output()), type)),
        owned.add(packer.vector(block.postAttentionNorm())),
        owned.add(packer.interleave(block.gate(), block.up(), type)),
        owned.add(packer.stack(List.of(block.down()), type)));
  }

  /** Makes a model of that shape up on the device: for measurements, which need no sense. */
  static DeviceModel generate(
      Context context, Kernels kernels, Stream stream, ModelConfig config, WeightFormat format) {
    var owned = new Owned();
    try (var packer = new Packer(context, kernels, stream)) {
      return new DeviceModel(
          context, new GeneratedWeights(context, kernels, stream, packer, config, format), owned);
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
  }

  /** Bytes that a checkpoint's weights will take on a device. */
  static long bytes(Checkpoint checkpoint) {
    ModelConfig config = checkpoint.config();
    Activation type = type(checkpoint);
    long bytes =
        checkpoint.embedding().data().byteSize()
            + bytes(List.of(checkpoint.head()), type)
            + 4L * config.contextLength() * config.headSize();
    for (Checkpoint.Block block : checkpoint.blocks()) {
      bytes +=
          bytes(List.of(block.query(), block.key(), block.value()), type)
              + bytes(List.of(block.output()), type)
              + PackedMatrix.bytes(
                  PackedFormat.of(List.of(block.gate(), block.up()), type),
                  block.gate().inputs(),
                  Packer.interleaved(block.gate().outputs()))
              + bytes(List.of(block.down()), type)
              + 8L * config.hiddenSize();
    }
    return bytes;
  }

  /** Bytes that made-up weights of a shape will take on a device. */
  static long bytes(ModelConfig config, WeightFormat format) {
    int hidden = config.hiddenSize();
    int queries = config.heads() * config.headSize();
    int keys = config.keyValueHeads() * config.headSize();
    int[] bases = Packer.stacked(List.of(queries, keys, keys));
    return config.layers()
            * (PackedMatrix.bytes(format, hidden, bases[2] + keys)
                + PackedMatrix.bytes(format, queries, hidden)
                + PackedMatrix.bytes(format, hidden, Packer.interleaved(config.intermediateSize()))
                + PackedMatrix.bytes(format, config.intermediateSize(), hidden)
                + 8L * hidden)
        + 4L * config.vocabularySize() * hidden
        + 4L * config.contextLength() * config.headSize();
  }

  private static long bytes(List<Linear> stack, Activation type) {
    int[] bases = Packer.stacked(stack.stream().map(Linear::outputs).toList());
    return PackedMatrix.bytes(
        PackedFormat.of(stack, type), stack.getFirst().inputs(), bases[bases.length - 1]);
  }

  /** bfloat16 where all weights are; binary16 beside int4 and everything else. */
  private static Activation type(Checkpoint checkpoint) {
    boolean bfloat =
        checkpoint.blocks().stream()
            .flatMap(block -> block.linears().stream())
            .allMatch(linear ->
                linear instanceof Linear.Dense dense && dense.weight().dtype() == DType.BF16);
    return bfloat ? Activation.BF16 : Activation.F16;
  }

  private static float[] turns(ModelConfig config) {
    var angles = new RotaryAngles(config);
    int half = config.headSize() / 2;
    float[] cos = new float[half];
    float[] sin = new float[half];
    float[] turns = new float[config.contextLength() * half * 2];
    for (int position = 0; position < config.contextLength(); position++) {
      angles.at(position, cos, sin, 0);
      for (int i = 0; i < half; i++) {
        int at = (position * half + i) * 2;
        turns[at] = cos[i];
        turns[at + 1] = sin[i];
      }
    }
    return turns;
  }

  /** Where weights come from. */
  interface Maker {
    ModelConfig config();

    default int blocks() {
      return config().layers();
    }

    Activation type();

    DeviceMemory floats(float[] values);

    DeviceMemory embedding();

    int embeddingType();

    Block block(int index, Owned owned);

    DeviceMemory finalNorm();

    PackedMatrix head();

    void finish();
  }

  private record FromCheckpoint(Packer packer, Checkpoint checkpoint, String name)
      implements Maker {
    @Override
    public ModelConfig config() {
      return checkpoint.config();
    }

    @Override
    public Activation type() {
      return DeviceModel.type(checkpoint);
    }

    @Override
    public DeviceMemory floats(float[] values) {
      return packer.floats(values);
    }

    @Override
    public DeviceMemory embedding() {
      return packer.raw(checkpoint.embedding());
    }

    @Override
    public int embeddingType() {
      return Packer.code(checkpoint.embedding().dtype());
    }

    @Override
    public Block block(int index, Owned owned) {
      return DeviceModel.block(packer, checkpoint.blocks().get(index), type(), owned);
    }

    @Override
    public DeviceMemory finalNorm() {
      return packer.vector(checkpoint.finalNorm());
    }

    @Override
    public PackedMatrix head() {
      return packer.stack(List.of(checkpoint.head()), type());
    }

    @Override
    public void finish() {
      packer.finish(name);
    }
  }

  private record WithoutBlocks(
      Packer packer, Checkpoint checkpoint, ModelConfig config, Activation type, String name)
      implements Maker {
    @Override
    public int blocks() {
      return 0;
    }

    @Override
    public DeviceMemory floats(float[] values) {
      return packer.floats(values);
    }

    /** Nothing reads it: hidden states are what is computed from. */
    @Override
    public DeviceMemory embedding() {
      return packer.floats(new float[1]);
    }

    @Override
    public int embeddingType() {
      return Packer.code(DType.F32);
    }

    @Override
    public Block block(int index, Owned owned) {
      throw new IllegalStateException("blocks are loaded one by one");
    }

    @Override
    public DeviceMemory finalNorm() {
      return packer.vector(checkpoint.finalNorm());
    }

    @Override
    public PackedMatrix head() {
      return packer.stack(List.of(checkpoint.head()), type);
    }

    @Override
    public void finish() {
      packer.finish(name);
    }
  }

  ModelConfig config() {
    return config;
  }

  Activation type() {
    return type;
  }

  DeviceMemory embedding() {
    return embedding;
  }

  /** The embedding's element type, as the kernels count them. */
  int embeddingType() {
    return embeddingType;
  }

  List<Block> blocks() {
    return blocks;
  }

  DeviceMemory finalNorm() {
    return finalNorm;
  }

  PackedMatrix head() {
    return head;
  }

  /** Cosine and sine of each position's angles. */
  DeviceMemory turns() {
    return turns;
  }

  /** Bytes of device memory that it takes. */
  long bytes() {
    return bytes;
  }

  /** All matrices, the head among them. */
  List<PackedMatrix> matrices() {
    var all = new ArrayList<PackedMatrix>();
    blocks.forEach(block -> all.addAll(block.matrices()));
    all.add(head);
    return all;
  }

  /** Bytes of weights that a step reads. */
  long readBytes() {
    return matrices().stream().mapToLong(PackedMatrix::readBytes).sum();
  }

  /** Weights that a token is multiplied with, the head's not among them. */
  double blockWeights() {
    double weights = 0;
    for (Block block : blocks) {
      for (PackedMatrix matrix : block.matrices()) {
        weights += (double) matrix.inputs() * matrix.outputs();
      }
    }
    return weights;
  }

  @Override
  public void close() {
    owned.close();
  }
}
