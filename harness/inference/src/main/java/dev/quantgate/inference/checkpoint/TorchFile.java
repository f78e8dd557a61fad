package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.checkpoint.Tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A file that torch.save of 1.6 or later wrote: a zip of stored (never compressed) entries, one
 * pickle {@code NAME/data.pkl} that describes a state dict, and one entry {@code NAME/data/KEY} for
 * each storage. Tensors are slices of the mapped file.
 */
final class TorchFile {
  /** The pickle of a model with 10,000 tensors has about 1 MB. */
  private static final long MAX_PICKLE = 4 << 20;

  private TorchFile() {}

  static TensorFile read(Path path, MemorySegment file) {
    Map<String, MemorySegment> entries = StoredZip.entries(path, file);
    List<String> pickles =
        entries.keySet().stream().filter(name -> name.endsWith("/data.pkl")).toList();
    if (pickles.size() != 1) {
      throw Refusal.damaged(
          path,
          "is no PyTorch file: it has %d entries named data.pkl, not one"
              .formatted(pickles.size()));
    }
    String pickleName = pickles.getFirst();
    String root = pickleName.substring(0, pickleName.length() - "data.pkl".length());
    MemorySegment byteOrder = entries.get(root + "byteorder");
    if (byteOrder != null && !text(byteOrder).equals("little")) {
      throw Refusal.unsupported(
          path, "has byte order %s; supported: little".formatted(Refusal.quoted(text(byteOrder))));
    }
    MemorySegment pickle = entries.getOrDefault(pickleName, MemorySegment.NULL);
    if (pickle.byteSize() > MAX_PICKLE) {
      throw Refusal.damaged(
          path,
          "its data.pkl has %d bytes; at most %d are read"
              .formatted(pickle.byteSize(), MAX_PICKLE));
    }

    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Map<String, String> others = new LinkedHashMap<>();
    StateDictPickle.read(path, pickle.toArray(ValueLayout.JAVA_BYTE))
        .forEach((name, view) -> {
          MemorySegment storage = entries.get(root + "data/" + view.storage().key());
          if (storage == null) {
            throw Refusal.damaged(
                path,
                "tensor %s lies in entry data/%s, which the file lacks"
                    .formatted(Refusal.quoted(name), Refusal.plain(view.storage().key())));
          }
          MemorySegment data = data(path, name, view, storage);
          Optional<DType> dtype = TensorFile.dtype(view.storage().elementType());
          if (dtype.isPresent()) {
            requireRowMajor(path, name, view);
            tensors.put(name, new Tensor(name, dtype.get(), TensorFile.array(view.shape()), data));
          } else {
            others.put(name, view.storage().elementType());
          }
        });
    return new TensorFile(tensors, others);
  }

  private static MemorySegment data(
      Path path, String name, StateDictPickle.View view, MemorySegment storage) {
    String type = view.storage().elementType();
    long held = TensorFile.bytes(path, name, type, List.of(view.storage().elements()));
    if (held != storage.byteSize()) {
      throw Refusal.damaged(
          path,
          "the storage of tensor %s says %d bytes, but its entry has %d"
              .formatted(Refusal.quoted(name), held, storage.byteSize()));
    }
    long bytes = TensorFile.bytes(path, name, type, view.shape());
    long width = TensorFile.bytes(path, name, type, List.of());
    if (view.offset() < 0
        || view.offset() > view.storage().elements()
        || bytes > held - view.offset() * width) {
      throw Refusal.damaged(
          path,
          "tensor %s of shape %s at element %d reaches beyond its storage of %d elements"
              .formatted(
                  Refusal.quoted(name), view.shape(), view.offset(), view.storage().elements()));
    }
    return storage.asSlice(view.offset() * width, bytes);
  }

  private static void requireRowMajor(Path path, String name, StateDictPickle.View view) {
    long stride = 1;
    boolean rowMajor = view.stride().size() == view.shape().size();
    for (int i = view.shape().size() - 1; rowMajor && i >= 0; i--) {
      long dimension = view.shape().get(i);
      rowMajor = dimension <= 1 || view.stride().get(i) == stride;
      stride *= Math.max(1, dimension);
    }
    if (!rowMajor) {
      throw Refusal.unsupported(
          path,
          "tensor %s of shape %s has strides %s, so it is not row-major; save it again after contiguous()"
              .formatted(Refusal.quoted(name), view.shape(), view.stride()));
    }
  }

  private static String text(MemorySegment bytes) {
    return new String(
        bytes.asSlice(0, Math.min(bytes.byteSize(), 16)).toArray(ValueLayout.JAVA_BYTE),
        StandardCharsets.UTF_8);
  }
}
