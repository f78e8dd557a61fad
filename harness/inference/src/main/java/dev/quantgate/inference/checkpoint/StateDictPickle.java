package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.InferenceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the pickle of a state dict and nothing else. A pickle is a program that may name any Python
 * function to call; this machine knows the names of torch's storages and three functions, none of
 * which runs anything, and refuses every other name and every opcode that a state dict has no use
 * for. It keeps no Python object: a reduced value is a {@link View}, a map or a list.
 *
 * <p>Source: CPython's pickletools for the opcodes, torch/serialization.py for what torch.save
 * writes.
 */
final class StateDictPickle {

  /** A run of elements, of a type as safetensors names it, in an entry of the zip file. */
  record Storage(String elementType, String key, long elements) {}

  /** A tensor: a place in a storage. */
  record View(Storage storage, long offset, List<Long> shape, List<Long> stride) {}

  /** The globals that may be named. */
  private sealed interface Global {
    record StorageType(String elementType) implements Global {}

    enum Function implements Global {
      REBUILD_TENSOR,
      REBUILD_PARAMETER,
      ORDERED_DICT
    }
  }

  private static final Map<String, Global> ALLOWED =
      Map.ofEntries(
          Map.entry("torch._utils._rebuild_tensor_v2", Global.Function.REBUILD_TENSOR),
          Map.entry("torch._utils._rebuild_parameter", Global.Function.REBUILD_PARAMETER),
          Map.entry("collections.OrderedDict", Global.Function.ORDERED_DICT),
          Map.entry("torch.HalfStorage", new Global.StorageType("F16")),
          Map.entry("torch.BFloat16Storage", new Global.StorageType("BF16")),
          Map.entry("torch.FloatStorage", new Global.StorageType("F32")),
          Map.entry("torch.DoubleStorage", new Global.StorageType("F64")),
          Map.entry("torch.BoolStorage", new Global.StorageType("BOOL")),
          Map.entry("torch.ByteStorage", new Global.StorageType("U8")),
          Map.entry("torch.CharStorage", new Global.StorageType("I8")),
          Map.entry("torch.ShortStorage", new Global.StorageType("I16")),
          Map.entry("torch.IntStorage", new Global.StorageType("I32")),
          Map.entry("torch.LongStorage", new Global.StorageType("I64")));

  /** Longest name that a global or a tensor may have. */
  private static final int MAX_NAME = 4096;

  private enum Mark {
    MARK
  }

  private enum None {
    NONE
  }

  private final Path path;
  private final ByteBuffer code;
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final Map<Integer, Object> memo = new HashMap<>();

  private StateDictPickle(Path path, byte[] pickle) {
    this.path = path;
    this.code = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The tensors of the state dict by name, in its order. */
  static Map<String, View> read(Path path, byte[] pickle) {
    StateDictPickle machine = new StateDictPickle(path, pickle);
    Object result;
    try {
      result = machine.run();
    } catch (java.nio.BufferUnderflowException e) {
      throw machine.damaged("it is cut off");
    }
    if (!(result instanceof Map<?, ?> dict)) {
      throw machine.damaged("it holds no state dict");
    }
    Map<String, View> tensors = new LinkedHashMap<>();
    dict.forEach((key, value) -> {
      if (!(value instanceof View view)) {
        throw Refusal.unsupported(
            path, "its entry %s is no tensor".formatted(Refusal.quoted(String.valueOf(key))));
      }
      if (tensors.size() == TensorFile.MAX_TENSORS) {
        throw Refusal.damaged(path, "has more than %d tensors".formatted(TensorFile.MAX_TENSORS));
      }
      tensors.put((String) key, view);
    });
    return tensors;
  }

  private Object run() {
    while (true) {
      int at = code.position();
      int opcode = code.get() & 0xFF;
      switch (opcode) {
        case 0x80 -> { // PROTO
          int protocol = code.get() & 0xFF;
          if (protocol < 2 || protocol > 5) {
            throw damaged("protocol %d is not one of 2 to 5".formatted(protocol));
          }
        }
        case 0x95 -> code.getLong(); // FRAME
        case '.' -> {
          return pop();
        }
        case '(' -> {
          marks.add(stack.size());
          push(Mark.MARK);
        }
        case '}' -> push(new LinkedHashMap<String, Object>());
        case ']' -> push(new ArrayList<>());
        case ')' -> push(List.of());
        case 't' -> push(List.copyOf(popToMark()));
        case 0x85 -> pushTuple(1);
        case 0x86 -> pushTuple(2);
        case 0x87 -> pushTuple(3);
        case 'N' -> push(None.NONE);
        case 0x88 -> push(Boolean.TRUE);
        case 0x89 -> push(Boolean.FALSE);
        case 'K' -> push((long) (code.get() & 0xFF));
        case 'M' -> push((long) (code.getShort() & 0xFFFF));
        case 'J' -> push((long) code.getInt());
        case 0x8a -> push(longOf(code.get() & 0xFF));
        case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(code.getLong())));
        case 'X' -> push(text(code.getInt()));
        case 0x8c -> push(text(code.get() & 0xFF));
        case 'q' -> memo.put(code.get() & 0xFF, top());
        case 'r' -> memo.put(code.getInt(), top());
        case 0x94 -> memo.put(memo.size(), top());
        case 'h' -> push(remembered(code.get() & 0xFF));
        case 'j' -> push(remembered(code.getInt()));
        case 'c' -> push(global(line(), line()));
        case 0x93 -> {
          String name = string(pop());
          push(global(string(pop()), name));
        }
        case 'Q' -> push(storage(pop()));
        case 'R' -> {
          Object arguments = pop();
          push(reduced(pop(), list(arguments)));
        }
        case 's' -> {
          Object value = pop();
          Object key = pop();
          map(top()).put(string(key), value);
        }
        case 'u' -> {
          List<Object> items = popToMark();
          if (items.size() % 2 != 0) {
            throw damaged("a key has no value");
          }
          Map<String, Object> target = map(top());
          for (int i = 0; i < items.size(); i += 2) {
            if (target.put(string(items.get(i)), items.get(i + 1)) != null) {
              throw damaged("key %s stands twice".formatted(Refusal.quoted(string(items.get(i)))));
            }
          }
        }
        case 'a' -> {
          Object value = pop();
          growable(top()).add(value);
        }
        case 'e' -> {
          List<Object> items = popToMark();
          growable(top()).addAll(items);
        }
        case 'b' -> { // BUILD: the attributes of an ordered dict, which hold versions and no tensor
          map(pop());
          map(top());
        }
        default ->
            throw Refusal.unsupported(
                path,
                "its pickle uses opcode 0x%02x at byte %d, which no plain state dict needs"
                    .formatted(opcode, at));
      }
    }
  }

  private Global global(String module, String name) {
    String full = module + "." + name;
    Global global = ALLOWED.get(full);
    if (global == null) {
      throw Refusal.unsupported(
          path,
          "its pickle names %s, which is not on the list of names a state dict needs; nothing was executed"
              .formatted(Refusal.quoted(full)));
    }
    return global;
  }

  private Storage storage(Object id) {
    List<?> parts = list(id);
    if (parts.size() == 5
        && "storage".equals(parts.get(0))
        && parts.get(1) instanceof Global.StorageType(String elementType)
        && parts.get(2) instanceof String key
        && parts.get(3) instanceof String
        && parts.get(4) instanceof Long elements
        && elements >= 0) {
      return new Storage(elementType, key, elements);
    }
    throw damaged("a storage is not described as torch does");
  }

  private Object reduced(Object function, List<?> arguments) {
    if (function == Global.Function.ORDERED_DICT && arguments.isEmpty()) {
      return new LinkedHashMap<String, Object>();
    }
    if (function == Global.Function.REBUILD_TENSOR
        && arguments.size() >= 6
        && arguments.size() <= 7
        && arguments.get(0) instanceof Storage storage
        && arguments.get(1) instanceof Long offset) {
      return new View(storage, offset, longs(arguments.get(2)), longs(arguments.get(3)));
    }
    if (function == Global.Function.REBUILD_PARAMETER
        && arguments.size() == 3
        && arguments.get(0) instanceof View view) {
      return view;
    }
    throw damaged("a call is not one that torch writes");
  }

  private List<Long> longs(Object value) {
    List<Long> longs = new ArrayList<>();
    for (Object element : list(value)) {
      if (!(element instanceof Long number) || longs.size() == 16) {
        throw damaged("a shape or stride is no short list of whole numbers");
      }
      longs.add(number);
    }
    return longs;
  }

  private long longOf(int bytes) {
    if (bytes > Long.BYTES) {
      throw damaged("a whole number has %d bytes".formatted(bytes));
    }
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      long part = i == bytes - 1 ? code.get() : code.get() & 0xFF;
      value |= part << (8 * i);
    }
    return value;
  }

  private String text(int length) {
    if (length < 0 || length > code.remaining() || length > MAX_NAME) {
      throw damaged("a string has %s bytes".formatted(Integer.toUnsignedString(length)));
    }
    byte[] bytes = new byte[length];
    code.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private String line() {
    int begin = code.position();
    while (code.get() != '\n') {
      if (code.position() - begin > MAX_NAME) {
        throw damaged("a name is longer than %d bytes".formatted(MAX_NAME));
      }
    }
    return new String(code.array(), begin, code.position() - 1 - begin, StandardCharsets.UTF_8);
  }

  private void push(Object value) {
    stack.add(value);
  }

  private Object top() {
    if (stack.isEmpty() || stack.getLast() == Mark.MARK) {
      throw damaged("it takes more from its stack than lies there");
    }
    return stack.getLast();
  }

  private Object pop() {
    Object value = top();
    stack.removeLast();
    return value;
  }

  private void pushTuple(int size) {
    Object[] elements = new Object[size];
    for (int i = size - 1; i >= 0; i--) {
      elements[i] = pop();
    }
    push(List.of(elements));
  }

  private List<Object> popToMark() {
    if (marks.isEmpty()) {
      throw damaged("it closes a list that it never opened");
    }
    List<Object> tail = stack.subList(marks.removeLast(), stack.size());
    List<Object> items = new ArrayList<>(tail.subList(1, tail.size()));
    tail.clear();
    return items;
  }

  private Object remembered(int index) {
    Object value = memo.get(index);
    if (value == null) {
      throw damaged("it recalls value %d, which it never stored".formatted(index));
    }
    return value;
  }

  private String string(@Nullable Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw damaged("a key is no string");
  }

  private List<?> list(Object value) {
    if (value instanceof List<?> list) {
      return list;
    }
    throw damaged("a tuple is missing");
  }

  @SuppressWarnings("unchecked")
  private List<Object> growable(Object value) {
    if (value instanceof ArrayList<?> list) {
      return (List<Object>) list;
    }
    throw damaged("a list is missing");
  }

  /** Every map that this machine makes has keys of type String: {@link #string} guards each put. */
  @SuppressWarnings("unchecked")
  private Map<String, Object> map(Object value) {
    if (value instanceof LinkedHashMap<?, ?> map) {
      return (Map<String, Object>) map;
    }
    throw damaged("a dict is missing");
  }

  private InferenceException damaged(String message) {
    return Refusal.damaged(
        path, "its pickle is broken at byte %d: %s".formatted(code.position(), message));
  }
}
