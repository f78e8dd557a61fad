package dev.quantgate.sandbox.bubblewrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.sandbox.worker.WorkerScripts;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The compiled filter, run by an interpreter written here, beside the profile read as it is. */
class SeccompFilterTest {
  private static final int X86_64 = 0xc000003e;
  private static final int EPERM = SeccompFilter.ERRNO | 1;
  private static final int ENOSYS = SeccompFilter.ERRNO | 38;

  private final String profile = WorkerScripts.seccompProfile();
  private final Map<String, Integer> numbers = SeccompFilter.numbers();
  private final byte[] filter = SeccompFilter.compile(profile);

  /** Classic BPF as linux/filter.h has it, the part that seccomp filters use. */
  private static int run(byte[] program, int architecture, int number, long... arguments) {
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    data.putInt(0, number).putInt(4, architecture);
    for (int i = 0; i < arguments.length; i++) {
      data.putLong(16 + 8 * i, arguments[i]);
    }
    ByteBuffer code = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
    int accumulator = 0;
    for (int at = 0; ; at++) {
      int op = code.getShort(8 * at) & 0xffff;
      int ifTrue = code.get(8 * at + 2) & 0xff;
      int ifFalse = code.get(8 * at + 3) & 0xff;
      int k = code.getInt(8 * at + 4);
      switch (op) {
        case 0x20 -> accumulator = data.getInt(k);
        case 0x54 -> accumulator &= k;
        case 0x15 -> at += accumulator == k ? ifTrue : ifFalse;
        case 0x25 -> at += Integer.compareUnsigned(accumulator, k) > 0 ? ifTrue : ifFalse;
        case 0x35 -> at += Integer.compareUnsigned(accumulator, k) >= 0 ? ifTrue : ifFalse;
        case 0x06 -> {
          return k;
        }
        default -> throw new AssertionError("instruction " + op + " at " + at);
      }
    }
  }

  private int call(String name, long... arguments) {
    int number = Objects.requireNonNull(numbers.get(name), name);
    return run(filter, X86_64, number, arguments);
  }

  @Test
  void everyNumberGetsWhatTheProfileSays() {
    JsonNode rules = JsonMapper.shared().readTree(profile).path("syscalls");
    Random random = new Random(7);
    Set<Integer> seen = new HashSet<>();
    for (int round = 0; round < 200; round++) {
      long[] arguments = {
        choose(random), choose(random), random.nextLong(), 0, 0, 0,
      };
      for (int number = 0; number < 500; number++) {
        int expected = EPERM;
        for (JsonNode rule : rules) {
          for (JsonNode name : rule.path("names")) {
            if (Integer.valueOf(number).equals(numbers.get(name.asString()))
                && fits(rule, arguments)) {
              expected =
                  rule.path("action").asString().equals("SCMP_ACT_ALLOW")
                      ? SeccompFilter.ALLOW
                      : SeccompFilter.ERRNO | rule.path("errnoRet").asInt();
              seen.add(number);
            }
          }
        }
        assertThat(run(filter, X86_64, number, arguments))
            .as("system call %d %s", number, java.util.Arrays.toString(arguments))
            .isEqualTo(expected);
      }
    }
    assertThat(seen).hasSizeGreaterThan(190);
  }

  private static long choose(Random random) {
    long[] likely = {
      0, 1, 2, 40, 0x5401, 0x5451, 0x01200011, 0x10000000L, 1L << 32, (1L << 32) + 1
    };
    return random.nextInt(4) == 0 ? random.nextLong() : likely[random.nextInt(likely.length)];
  }

  private static boolean fits(JsonNode rule, long[] arguments) {
    for (JsonNode arg : rule.path("args")) {
      long actual = arguments[arg.path("index").asInt()];
      boolean ok =
          arg.path("op").asString().equals("SCMP_CMP_EQ")
              ? actual == arg.path("value").asLong()
              : (actual & arg.path("value").asLong()) == arg.path("valueTwo").asLong();
      if (!ok) {
        return false;
      }
    }
    return true;
  }

  @Test
  void socketsAreLocalNamespacesStayAndForeignLimitsAreForeign() {
    assertThat(call("socket", 1, 1)).isEqualTo(SeccompFilter.ALLOW);
    for (long family : new long[] {0, 2, 10, 16, 17, 40, (1L << 32) + 1}) {
      assertThat(call("socket", family, 1)).as("family %d", family).isEqualTo(EPERM);
    }
    assertThat(call("clone", 0x01200011)).isEqualTo(SeccompFilter.ALLOW);
    for (long namespace :
        new long[] {0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000}) {
      assertThat(call("clone", namespace | 17)).isEqualTo(EPERM);
    }
    assertThat(call("prlimit64", 0)).isEqualTo(SeccompFilter.ALLOW);
    assertThat(call("prlimit64", 1)).isEqualTo(EPERM);
    assertThat(call("clone3")).isEqualTo(ENOSYS);
  }

  @Test
  void whatReachesDeepIntoTheKernelIsNotOnTheList() {
    for (String name :
        "ptrace process_vm_readv io_uring_setup io_uring_enter bpf perf_event_open userfaultfd keyctl add_key request_key mount umount2 unshare setns pivot_root chroot shmget semget msgget mq_open kexec_load init_module pidfd_getfd open_by_handle_at personality seccomp iopl ioperm"
            .split(" ")) {
      assertThat(numbers).as("a call on the list").doesNotContainKey(name);
    }
    assertThat(run(filter, X86_64, 101)).as("ptrace").isEqualTo(EPERM);
    assertThat(run(filter, X86_64, 425)).as("io_uring_setup").isEqualTo(EPERM);
  }

  @Test
  void anotherArchitecturesNumbersEndTheProcess() {
    assertThat(run(filter, 0x40000003, 1)).isEqualTo(SeccompFilter.KILL_PROCESS);
    assertThat(run(filter, X86_64, 0x40000000)).isEqualTo(SeccompFilter.KILL_PROCESS);
  }

  @Test
  void aProfileWithAnUnknownCallIsRefused() {
    JsonNode wrong =
        JsonMapper.shared()
            .readTree(
                """
                {"defaultAction":"SCMP_ACT_ERRNO",
                 "syscalls":[{"names":["no_such_call"],"action":"SCMP_ACT_ALLOW"}]}\
                """);
    assertThatThrownBy(() -> SeccompFilter.compile(wrong, numbers))
        .hasMessage("no number known for the system call \"no_such_call\"");
  }
}
