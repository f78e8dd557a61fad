package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.Stream;
import java.util.List;
import java.util.function.Consumer;

/**
 * Weights of a model of any shape, made up on the device: for measurements, which need no sense.
 */
final class GeneratedWeights implements DeviceModel.Maker {
  private static final int ONE = Float.floatToRawIntBits(1f);

  /** Bytes of a tile of 16-bit weights, which is also what makes the embedding up. */
  private static final int TILE = WeightFormat.F16.tileBytes();

  private final Context context;
  private final Kernels kernels;
  private final Stream stream;
  private final Packer packer;
  private final ModelConfig config;
  private final WeightFormat format;
  private int seed;

  GeneratedWeights(
      Context context,
      Kernels kernels,
      Stream stream,
      Packer packer,
      ModelConfig config,
      WeightFormat format) {
    this.context = context;
    this.kernels = kernels;
    this.stream = stream;
    this.packer = packer;
    this.config = config;
    this.format = format;
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  @Override
  public Activation type() {
    return format == WeightFormat.BF16 ? Activation.BF16 : Activation.F16;
  }

  @Override
  public DeviceMemory floats(float[] values) {
    return packer.floats(values);
  }

  @Override
  public DeviceMemory embedding() {
    long bytes = 2L * config.vocabularySize() * config.hiddenSize();
    int tiles = Math.toIntExact(Math.ceilDiv(bytes, TILE));
    return made((long) tiles * TILE, memory -> fill(memory, PackedFormat.dense(type()), tiles, 1f));
  }

  @Override
  public int embeddingType() {
    return Packer.code(type() == Activation.BF16 ? DType.BF16 : DType.F16);
  }

  private PackedMatrix matrix(WeightFormat own, int inputs, int outputs) {
    int tiles = PackedMatrix.inputTiles(inputs) * PackedMatrix.outputTiles(outputs);
    DeviceMemory data =
        made(
            PackedMatrix.bytes(own, inputs, outputs),
            memory -> fill(memory, own, tiles, (float) (1 / Math.sqrt(inputs))));
    return new PackedMatrix(own, data, inputs, outputs, null, null);
  }

  private DeviceMemory made(long bytes, Consumer<DeviceMemory> work) {
    var owned = new Owned();
    try {
      DeviceMemory memory = owned.add(new DeviceMemory(context, bytes));
      work.accept(memory);
      return memory;
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
  }

  private void fill(DeviceMemory memory, WeightFormat own, int tiles, float deviation) {
    seed++;
    if (own.int4()) {
      kernels
          .kernel("generate_int4")
          .pointer(memory)
          .integer(own.tileGroups())
          .integer(seed)
          .real(deviation)
          .launch(stream, tiles, 1, 1);
    } else {
      kernels
          .kernel("generate_" + own.suffix())
          .pointer(memory)
          .integer(seed)
          .real(deviation)
          .launch(stream, tiles, 1, 1);
    }
  }

  private DeviceMemory ones(int count) {
    return made(4L * count, memory -> stream.fill(memory, ONE));
  }

  @Override
  public DeviceModel.Block block(int index, Owned owned) {
    int hidden = config.hiddenSize();
    int queries = config.heads() * config.headSize();
    int keys = config.keyValueHeads() * config.headSize();
    int[] bases = Packer.stacked(List.of(queries, keys, keys));
    return new DeviceModel.Block(
        owned.add(ones(hidden)),
        owned.add(matrix(format, hidden, bases[2] + keys)),
        null,
        null,
        owned.add(matrix(format, queries, hidden)),
        owned.add(ones(hidden)),
        owned.add(matrix(format, hidden, Packer.interleaved(config.intermediateSize()))),
        owned.add(matrix(format, config.intermediateSize(), hidden)));
  }

  @Override
  public DeviceMemory finalNorm() {
    return ones(config.hiddenSize());
  }

  @Override
  public PackedMatrix head() {
    return matrix(PackedFormat.dense(type()), config.hiddenSize(), config.vocabularySize());
  }

  @Override
  public void finish() {
    stream.synchronize();
  }
}
