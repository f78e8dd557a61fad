package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.checkpoint.Tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A file that torch.save of 1.6 or later wrote: a zip of stored (never compressed) entries, one
 * pickle {@code NAME/data.pkl} that describes a state dict, and one entry {@code NAME/data/KEY} for
 * each storage. Tensors are slices of the mapped file.
 */
final class TorchFile {
  /** The pickle of a model with 10,000 tensors has about 1 MB. */
  private static final long MAX_PICKLE = 4 << 20;

  private TorchFile() {}

  static Map<String, Tensor> tensors(Path path, MemorySegment file) {
    Map<String, MemorySegment> entries = StoredZip.entries(path, file);
    List<String> pickles =
        entries.keySet().stream().filter(name -> name.endsWith("/data.pkl")).toList();
    if (pickles.size() != 1) {
      throw Refusal.damaged(
          path,
          "is no PyTorch file: it has " + pickles.size() + " entries named data.pkl, not one");
    }
    String pickleName = pickles.getFirst();
    String root = pickleName.substring(0, pickleName.length() - "data.pkl".length());
    MemorySegment byteOrder = entries.get(root + "byteorder");
    if (byteOrder != null && !text(byteOrder).equals("little")) {
      throw Refusal.unsupported(
          path, "has byte order " + Refusal.quoted(text(byteOrder)) + "; supported: little");
    }
    MemorySegment pickle = entries.getOrDefault(pickleName, MemorySegment.NULL);
    if (pickle.byteSize() > MAX_PICKLE) {
      throw Refusal.damaged(
          path,
          "its data.pkl has " + pickle.byteSize() + " bytes; at most " + MAX_PICKLE + " are read");
    }

    Map<String, Tensor> tensors = new LinkedHashMap<>();
    StateDictPickle.read(path, pickle.toArray(ValueLayout.JAVA_BYTE))
        .forEach((name, view) -> {
          MemorySegment storage = entries.get(root + "data/" + view.storage().key());
          if (storage == null) {
            throw Refusal.damaged(
                path,
                "tensor "
                    + Refusal.quoted(name)
                    + " lies in entry data/"
                    + view.storage().key()
                    + ", which the file lacks");
          }
          tensors.put(name, tensor(path, name, view, storage));
        });
    return tensors;
  }

  private static Tensor tensor(
      Path path, String name, StateDictPickle.View view, MemorySegment storage) {
    DType dtype = view.storage().dtype();
    long held = TensorFile.bytes(path, name, dtype, List.of(view.storage().elements()));
    if (held != storage.byteSize()) {
      throw Refusal.damaged(
          path,
          "the storage of tensor "
              + Refusal.quoted(name)
              + " says "
              + held
              + " bytes, but its entry has "
              + storage.byteSize());
    }
    long bytes = TensorFile.bytes(path, name, dtype, view.shape());
    requireRowMajor(path, name, view);
    if (view.offset() < 0
        || view.offset() > view.storage().elements()
        || bytes > held - view.offset() * dtype.bytes()) {
      throw Refusal.damaged(
          path,
          "tensor "
              + Refusal.quoted(name)
              + " of shape "
              + view.shape()
              + " at element "
              + view.offset()
              + " reaches beyond its storage of "
              + view.storage().elements()
              + " elements");
    }
    return new Tensor(
        name,
        dtype,
        TensorFile.array(view.shape()),
        storage.asSlice(view.offset() * dtype.bytes(), bytes));
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
          "tensor "
              + Refusal.quoted(name)
              + " of shape "
              + view.shape()
              + " has strides "
              + view.stride()
              + ", so it is not row-major; save it again after contiguous()");
    }
  }

  private static String text(MemorySegment bytes) {
    return new String(
        bytes.asSlice(0, Math.min(bytes.byteSize(), 16)).toArray(ValueLayout.JAVA_BYTE),
        StandardCharsets.UTF_8);
  }
}
