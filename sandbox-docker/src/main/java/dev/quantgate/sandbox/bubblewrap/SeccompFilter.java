package dev.quantgate.sandbox.bubblewrap;

import dev.quantgate.sandbox.worker.WorkerScripts;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Compiles the allow-list that Docker is given to the kernel's own form, a classic BPF program over
 * {@code struct seccomp_data} (linux/seccomp.h: number at byte 0, architecture at 4, arguments from
 * 16, eight bytes each, little-endian). For x86-64 only.
 *
 * <p>The program first refuses other architectures by ending the process, then returns at the first
 * rule that fits; runs of neighbouring numbers are one comparison, and the kernel remembers which
 * numbers are always allowed, so its length costs nothing in a loop.
 */
final class SeccompFilter {
  static final int ALLOW = 0x7fff0000;
  static final int KILL_PROCESS = 0x80000000;
  static final int ERRNO = 0x00050000;

  private static final int AUDIT_ARCH_X86_64 = 0xc000003e;
  private static final int X32_BIT = 0x40000000;
  private static final int NUMBER = 0;
  private static final int ARCHITECTURE = 4;
  private static final int FIRST_ARGUMENT = 16;

  private static final int LOAD = 0x20;
  private static final int AND = 0x54;
  private static final int IF_EQUAL = 0x15;
  private static final int IF_GREATER = 0x25;
  private static final int IF_AT_LEAST = 0x35;
  private static final int RETURN = 0x06;
  private static final int MAX_INSTRUCTIONS = 4096;

  private static final int MAP_SHARED = 0x01;
  private static final int MAP_ANONYMOUS = 0x20;

  private record Instruction(int code, int ifTrue, int ifFalse, int operand) {}

  private record Condition(int index, long mask, long value) {}

  private final List<Instruction> program = new ArrayList<>();

  private SeccompFilter() {}

  /** The program for a profile, in the bytes that {@code bwrap --seccomp} reads. */
  static byte[] compile(String profile) {
    return compile(JsonMapper.shared().readTree(profile), numbers());
  }

  /**
   * The program for a supervisor and its jobs.
   *
   * @param bounded whether a control group counts their memory; else there is no shared memory
   *     without a file, whose pages belong to no process as soon as none has them mapped in
   */
  static byte[] compileForSupervisor(String profile, boolean bounded) {
    return compile(forSupervisor(profile, bounded), numbers());
  }

  /** The program for the processes of a job alone: no files that live in memory alone, either. */
  static byte[] compileForJobs(String profile, boolean bounded) {
    JsonNode job = forSupervisor(profile, bounded);
    remove(job, "memfd_create");
    return compile(job, numbers());
  }

  private static JsonNode forSupervisor(String profile, boolean bounded) {
    JsonNode all = JsonMapper.shared().readTree(profile);
    return bounded ? all : withoutSharedMemory(all);
  }

  /** Allows {@code mmap} unless its flags have both MAP_SHARED and MAP_ANONYMOUS. */
  private static JsonNode withoutSharedMemory(JsonNode profile) {
    remove(profile, "mmap");
    ArrayNode rules = (ArrayNode) profile.path("syscalls");
    for (int allowed : new int[] {0, MAP_SHARED, MAP_ANONYMOUS}) {
      ObjectNode rule = rules.addObject();
      rule.putArray("names").add("mmap");
      rule.put("action", "SCMP_ACT_ALLOW");
      rule.putArray("args")
          .addObject()
          .put("index", 3)
          .put("value", MAP_SHARED | MAP_ANONYMOUS)
          .put("valueTwo", allowed)
          .put("op", "SCMP_CMP_MASKED_EQ");
    }
    return profile;
  }

  private static void remove(JsonNode profile, String call) {
    for (JsonNode rule : profile.path("syscalls")) {
      ((ArrayNode) rule.path("names")).removeIf(name -> name.asString().equals(call));
    }
  }

  static byte[] compile(JsonNode profile, Map<String, Integer> numbers) {
    SeccompFilter filter = new SeccompFilter();
    filter.emit(profile, numbers);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 * filter.program.size()).order(ByteOrder.LITTLE_ENDIAN);
    for (Instruction each : filter.program) {
      bytes
          .putShort((short) each.code())
          .put((byte) each.ifTrue())
          .put((byte) each.ifFalse())
          .putInt(each.operand());
    }
    return bytes.array();
  }

  private void emit(JsonNode profile, Map<String, Integer> numbers) {
    int otherwise =
        action(profile.path("defaultAction").asString(), profile.path("defaultErrnoRet"));
    TreeSet<Integer> always = new TreeSet<>();
    Map<Integer, List<List<Condition>>> sometimes = new TreeMap<>();
    Map<Integer, Integer> others = new TreeMap<>();
    for (JsonNode rule : profile.path("syscalls")) {
      int action = action(rule.path("action").asString(), rule.path("errnoRet"));
      for (JsonNode name : rule.path("names")) {
        Integer number = numbers.get(name.asString());
        if (number == null) {
          throw new IllegalArgumentException(
              "no number known for the system call %s".formatted(name));
        }
        if (action != ALLOW) {
          others.put(number, action);
        } else if (rule.path("args").isEmpty()) {
          always.add(number);
        } else {
          sometimes.computeIfAbsent(number, key -> new ArrayList<>()).add(conditions(rule));
        }
      }
    }

    add(LOAD, 0, 0, ARCHITECTURE);
    add(IF_EQUAL, 1, 0, AUDIT_ARCH_X86_64);
    add(RETURN, 0, 0, KILL_PROCESS);
    add(LOAD, 0, 0, NUMBER);
    add(IF_AT_LEAST, 0, 1, X32_BIT);
    add(RETURN, 0, 0, KILL_PROCESS);
    for (int[] run : runs(always)) {
      add(IF_AT_LEAST, 0, 2, run[0]);
      add(IF_GREATER, 1, 0, run[1]);
      add(RETURN, 0, 0, ALLOW);
    }
    others.forEach((number, action) -> {
      add(IF_EQUAL, 0, 1, number);
      add(RETURN, 0, 0, action);
    });
    sometimes.forEach((number, choices) -> emit(number, choices, otherwise));
    add(RETURN, 0, 0, otherwise);
    if (program.size() > MAX_INSTRUCTIONS) {
      throw new IllegalArgumentException("a filter of %d instructions".formatted(program.size()));
    }
  }

  /**
   * A call that is allowed if one of several conjunctions holds; nothing after this looks at it.
   */
  private void emit(int number, List<List<Condition>> choices, int otherwise) {
    int length = choices.stream().mapToInt(all -> 6 * all.size() + 1).sum() + 1;
    if (length > 255) {
      throw new IllegalArgumentException("too many conditions on system call %d".formatted(number));
    }
    add(IF_EQUAL, 0, length, number);
    for (List<Condition> all : choices) {
      int left = 6 * all.size() + 1;
      for (Condition each : all) {
        int low = FIRST_ARGUMENT + 8 * each.index();
        for (int half = 0; half < 2; half++) {
          int shift = 32 * half;
          add(LOAD, 0, 0, low + 4 * half);
          add(AND, 0, 0, (int) (each.mask() >>> shift));
          left -= 3;
          add(IF_EQUAL, 0, left, (int) (each.value() >>> shift));
        }
      }
      add(RETURN, 0, 0, ALLOW);
    }
    add(RETURN, 0, 0, otherwise);
  }

  private void add(int code, int ifTrue, int ifFalse, int operand) {
    program.add(new Instruction(code, ifTrue, ifFalse, operand));
  }

  private static List<Condition> conditions(JsonNode rule) {
    List<Condition> conditions = new ArrayList<>();
    for (JsonNode arg : rule.path("args")) {
      long value = arg.path("value").asLong();
      int index = arg.path("index").asInt();
      conditions.add(
          switch (arg.path("op").asString()) {
            case "SCMP_CMP_EQ" -> new Condition(index, -1L, value);
            case "SCMP_CMP_MASKED_EQ" -> new Condition(index, value, arg.path("valueTwo").asLong());
            default ->
                throw new IllegalArgumentException(
                    "unknown comparison %s".formatted(arg.path("op")));
          });
    }
    return conditions;
  }

  private static int action(String name, JsonNode errno) {
    return switch (name) {
      case "SCMP_ACT_ALLOW" -> ALLOW;
      case "SCMP_ACT_ERRNO" -> ERRNO | errno.asInt(1);
      default -> throw new IllegalArgumentException("unknown action %s".formatted(name));
    };
  }

  private static List<int[]> runs(TreeSet<Integer> numbers) {
    List<int[]> runs = new ArrayList<>();
    for (int number : numbers) {
      if (!runs.isEmpty() && runs.getLast()[1] == number - 1) {
        runs.getLast()[1] = number;
      } else {
        runs.add(new int[] {number, number});
      }
    }
    return runs;
  }

  static Map<String, Integer> numbers() {
    return WorkerScripts.resource("/dev/quantgate/sandbox/bubblewrap/syscalls-x86_64.txt")
        .lines()
        .filter(line -> !line.startsWith("#") && !line.isBlank())
        .map(line -> line.split(" ", 2))
        .collect(Collectors.toMap(pair -> pair[0], pair -> Integer.valueOf(pair[1])));
  }
}
