package dev.quantgate.inference.cuda;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.checkpoint.Tensor.DType;
import dev.quantgate.inference.checkpoint.ZeroPoints;
import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.PinnedRing;
import dev.quantgate.inference.cuda.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Brings a checkpoint's tensors to the device and packs them there. The host only copies: mapped
 * file to page-locked buffer, while the device takes the buffers before and packs.
 */
final class Packer implements AutoCloseable {
  private static final int SLOTS = 4;
  private static final long SLOT_BYTES = 16L << 20;
  private static final int NO_RUN = 1 << 30;
  private static final int PAIR = 8;
  private static final int OVERFLOW = 2;

  /**
   * Outputs that are dequantised by one launch, a multiple of the eight whose zeros share a word.
   */
  private static final int OUTPUTS_AT_ONCE = 1 << 15;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Context context;
  private final Kernels kernels;
  private final Stream stream;
  private final Owned owned = new Owned();
  private final PinnedRing ring;
  private final DeviceMemory flags;
  private @Nullable DeviceMemory staging;
  private @Nullable DeviceMemory dense;

  /** Where the outputs of one of several matrices go in a packed buffer. */
  private record Place(int base, int run, int stride) {}

  Packer(Context context, Kernels kernels, Stream stream) {
    this.context = context;
    this.kernels = kernels;
    this.stream = stream;
    try {
      this.ring = owned.add(new PinnedRing(stream, SLOTS, SLOT_BYTES));
      this.flags = owned.add(new DeviceMemory(context, 256));
      stream.fill(flags, 0);
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
  }

  // --- Layouts -----------------------------------------------------------------------------------

  /** Where each matrix of a stack begins: one behind the other, at whole tiles. */
  static int[] stacked(List<Integer> outputs) {
    int[] bases = new int[outputs.size() + 1];
    for (int i = 0; i < outputs.size(); i++) {
      bases[i + 1] = bases[i] + ceil16(outputs.get(i));
    }
    return bases;
  }

  static int ceil16(int n) {
    return Math.ceilDiv(n, WeightFormat.TILE_OUTPUTS) * WeightFormat.TILE_OUTPUTS;
  }

  /** Packed outputs of two matrices taken in turn, eight outputs of each. */
  static int interleaved(int outputs) {
    return Math.ceilDiv(outputs, PAIR) * 2 * PAIR;
  }

  // --- Packing -----------------------------------------------------------------------------------

  /** Packs matrices with the same inputs one behind the other. */
  PackedMatrix stack(List<Linear> linears, Activation type) {
    int[] bases = stacked(linears.stream().map(Linear::outputs).toList());
    var places =
        IntStream.range(0, linears.size())
            .mapToObj(i -> new Place(bases[i], NO_RUN, NO_RUN))
            .toList();
    int end = bases[linears.size() - 1] + linears.getLast().outputs();
    return pack(linears, places, end, type);
  }

  /** Packs two matrices of the same shape, eight outputs of each in turn. */
  PackedMatrix interleave(Linear first, Linear second, Activation type) {
    var places = List.of(new Place(0, PAIR, 2 * PAIR), new Place(PAIR, PAIR, 2 * PAIR));
    return pack(List.of(first, second), places, interleaved(first.outputs()), type);
  }

  private PackedMatrix pack(
      List<Linear> linears, List<Place> places, int outputs, Activation type) {
    int inputs = linears.getFirst().inputs();
    WeightFormat format = PackedFormat.of(linears, type);
    var open = new Owned();
    try {
      DeviceMemory data =
          open.add(new DeviceMemory(context, PackedMatrix.bytes(format, inputs, outputs)));
      stream.fill(data, 0);
      int @Nullable [] order = format.int4() ? PackedFormat.orderOf(linears.getFirst()) : null;
      DeviceMemory orderMemory = order == null ? null : open.add(ints(order));
      for (int i = 0; i < linears.size(); i++) {
        packOne(linears.get(i), places.get(i), format, data, orderMemory);
      }
      DeviceMemory bias = null;
      if (linears.stream().anyMatch(linear -> linear.bias().isPresent())) {
        bias = open.add(bias(linears, places, outputs));
      }
      return new PackedMatrix(format, data, inputs, outputs, bias, orderMemory);
    } catch (RuntimeException | Error e) {
      open.closeAfter(e);
      throw e;
    }
  }

  private void packOne(
      Linear linear,
      Place place,
      WeightFormat format,
      DeviceMemory data,
      @Nullable DeviceMemory order) {
    switch (linear) {
      case Linear.Dense plain -> {
        DeviceMemory source = stage(plain.weight().data());
        packDense(
            source.address(),
            code(plain.weight().dtype()),
            linear.inputs(),
            linear.outputs(),
            place,
            format,
            data);
      }
      case Linear.Gptq gptq -> {
        List<Tensor> tensors = List.of(gptq.qweight(), gptq.qzeros(), gptq.scales());
        long[] at = new long[tensors.size() + 2];
        for (int i = 0; i < tensors.size(); i++) {
          at[i + 1] = at[i] + pad(tensors.get(i).data().byteSize());
        }
        boolean scattered = !format.int4() && gptq.groupIndex().isPresent();
        at[4] = at[3] + (scattered ? pad(4L * gptq.inputs()) : 0);
        DeviceMemory source = staging(at[4]);
        for (int i = 0; i < tensors.size(); i++) {
          ring.copyIn(source, at[i], tensors.get(i).data());
          unload(tensors.get(i));
        }
        long words = source.address();
        int scaleType = code(gptq.scales().dtype());
        if (format.int4()) {
          kernels
              .kernel("pack_gptq")
              .pointer(words)
              .pointer(words + at[1])
              .pointer(words + at[2])
              .pointer(order == null ? 0 : order.address())
              .pointer(data)
              .pointer(flags)
              .integer(gptq.inputs())
              .integer(gptq.outputs())
              .integer(gptq.groupSize())
              .integer(format.tileGroups())
              .integer(scaleType)
              .integer(zeroOffset(gptq))
              .integer(borrow(gptq))
              .integer(place.base())
              .integer(place.run())
              .integer(place.stride())
              .launch(
                  stream,
                  PackedMatrix.inputTiles(gptq.inputs()),
                  Math.ceilDiv(gptq.outputs(), PAIR),
                  1);
        } else {
          if (scattered) {
            ring.copyIn(source, at[3], gptq.groupIndex().orElseThrow().data());
          }
          DeviceMemory plain = dense(2L * gptq.inputs() * gptq.outputs());
          // A vocabulary is more than a grid is high.
          for (int from = 0; from < gptq.outputs(); from += OUTPUTS_AT_ONCE) {
            kernels
                .kernel("gptq_to_dense")
                .pointer(words + 4L * from)
                .pointer(words + at[1] + from / 2)
                .pointer(words + at[2] + 2L * from)
                .pointer(scattered ? words + at[3] : 0)
                .pointer(plain.address(2L * from * gptq.inputs()))
                .integer(gptq.inputs())
                .integer(gptq.outputs())
                .integer(gptq.groupSize())
                .integer(scaleType)
                .integer(zeroOffset(gptq))
                .integer(borrow(gptq))
                .launch(
                    stream,
                    Math.ceilDiv(gptq.inputs(), 256),
                    Math.min(OUTPUTS_AT_ONCE, gptq.outputs() - from),
                    1);
          }
          packDense(
              plain.address(), code(DType.F16), gptq.inputs(), gptq.outputs(), place, format, data);
        }
      }
    }
  }

  /** What the kernels are told of how zero points are stored: what is added, and how. */
  private static int zeroOffset(Linear.Gptq gptq) {
    return gptq.zeroPoints() == ZeroPoints.STORED ? 0 : 1;
  }

  private static int borrow(Linear.Gptq gptq) {
    return gptq.zeroPoints() == ZeroPoints.LESS_ONE_PER_WORD ? 1 : 0;
  }

  private void packDense(
      long source,
      int type,
      int inputs,
      int outputs,
      Place place,
      WeightFormat format,
      DeviceMemory data) {
    kernels
        .kernel("pack_dense_" + format.suffix())
        .pointer(source)
        .pointer(data)
        .pointer(flags)
        .integer(inputs)
        .integer(outputs)
        .integer(type)
        .integer(place.base())
        .integer(place.run())
        .integer(place.stride())
        .launch(stream, PackedMatrix.inputTiles(inputs), Math.ceilDiv(outputs, PAIR), 1);
  }

  private DeviceMemory bias(List<Linear> linears, List<Place> places, int outputs) {
    float[] values = new float[ceil16(outputs)];
    for (int i = 0; i < linears.size(); i++) {
      Place place = places.get(i);
      Optional<Tensor> bias = linears.get(i).bias();
      if (bias.isPresent()) {
        float[] own = floats(bias.get());
        for (int n = 0; n < own.length; n++) {
          values[place.base() + n / place.run() * place.stride() + n % place.run()] = own[n];
        }
      }
    }
    return floats(values);
  }

  // --- Tensors as they are -----------------------------------------------------------------------

  /** The code of an element type that the kernels take. */
  static int code(DType type) {
    return switch (type) {
      case F16 -> 0;
      case BF16 -> 1;
      case F32 -> 2;
      case I32 -> throw new IllegalArgumentException("integers are no weights");
    };
  }

  /** A tensor's elements as stored. */
  DeviceMemory raw(Tensor tensor) {
    return upload(tensor.data());
  }

  /** A tensor's elements as float32. */
  DeviceMemory vector(Tensor tensor) {
    return floats(floats(tensor));
  }

  DeviceMemory floats(float[] values) {
    return upload(MemorySegment.ofArray(values));
  }

  private DeviceMemory ints(int[] values) {
    return upload(MemorySegment.ofArray(values));
  }

  private DeviceMemory upload(MemorySegment data) {
    var memory = new DeviceMemory(context, pad(data.byteSize()));
    try {
      ring.copyIn(memory, 0, data);
      return memory;
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /** A tensor's elements, widened. */
  static float[] floats(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    MemorySegment data = tensor.data();
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.dtype()) {
            case F16 -> Float.float16ToFloat(data.get(SHORT, 2L * i));
            case BF16 -> Float.intBitsToFloat(data.get(SHORT, 2L * i) << 16);
            case F32 -> data.get(FLOAT, 4L * i);
            case I32 -> data.get(INT, 4L * i);
          };
    }
    return values;
  }

  private static void unload(Tensor tensor) {
    if (tensor.data().isMapped()) {
      tensor.data().unload();
    }
  }

  private static long pad(long bytes) {
    return Math.ceilDiv(Math.max(bytes, 1), 256) * 256;
  }

  private DeviceMemory stage(MemorySegment data) {
    DeviceMemory memory = staging(pad(data.byteSize()));
    ring.copyIn(memory, 0, data);
    if (data.isMapped()) {
      data.unload();
    }
    return memory;
  }

  /** Memory for tensors on their way; what was in it has been packed once the stream goes on. */
  private DeviceMemory staging(long bytes) {
    staging = atLeast(staging, bytes);
    return staging;
  }

  private DeviceMemory dense(long bytes) {
    dense = atLeast(dense, bytes);
    return dense;
  }

  private DeviceMemory atLeast(@Nullable DeviceMemory memory, long bytes) {
    if (memory != null && memory.bytes() >= bytes) {
      return memory;
    }
    if (memory != null) {
      stream.synchronize();
      memory.close();
    }
    return new DeviceMemory(context, bytes);
  }

  /**
   * Waits until all is packed.
   *
   * @throws InferenceException if a weight is too large for the 16-bit format
   */
  void finish(String model) {
    try (var word = new dev.quantgate.inference.cuda.driver.PinnedMemory(context, 4)) {
      stream.copyOut(word.segment(), flags, 0);
      stream.synchronize();
      if ((word.segment().get(INT, 0) & OVERFLOW) != 0) {
        throw new InferenceException(
            InferenceException.Kind.UNSUPPORTED,
            "%s has a weight beyond what 16 bits hold; this engine computes with 16-bit weights, use --engine cpu"
                .formatted(model));
      }
    }
  }

  @Override
  public void close() {
    if (staging != null) {
      owned.add(staging);
      staging = null;
    }
    if (dense != null) {
      owned.add(dense);
      dense = null;
    }
    owned.close();
  }
}
