package dev.quantgate.sandbox.bubblewrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.bubblewrap.MemoryGroups.Group;
import dev.quantgate.sandbox.worker.RunOwner;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On trees of plain files in the place of a kernel's, of both versions. */
class MemoryGroupsTest {
  private static final long BYTES = 640L << 20;
  private static final List<String> VERSION_2 =
      List.of("cgroup.procs", "memory.max", "memory.swap.max", "memory.events", "memory.stat");
  private static final List<String> VERSION_1 =
      List.of(
          "cgroup.procs",
          "memory.limit_in_bytes",
          "memory.memsw.limit_in_bytes",
          "memory.swappiness",
          "memory.oom_control",
          "memory.stat");

  @TempDir Path top;

  /** Gives a new group its files, and lets nobody remove one that has a process. */
  private static final class FakeKernel implements MemoryGroups.Kernel {
    final List<String> files;
    final Set<Path> populated = new HashSet<>();
    boolean lets = true;

    FakeKernel(List<String> files) {
      this.files = files;
    }

    @Override
    public void make(Path group) throws IOException {
      Files.createDirectory(group);
      for (String file : files) {
        Files.createFile(group.resolve(file));
      }
    }

    @Override
    public void remove(Path group) throws IOException {
      if (populated.contains(group)) {
        throw new DirectoryNotEmptyException(group.toString());
      }
      for (String file : files) {
        Files.deleteIfExists(group.resolve(file));
      }
      Files.deleteIfExists(group);
    }

    @Override
    public boolean lets(Path entry) {
      return lets;
    }
  }

  /** What {@code /proc/self} says of a process in these groups, with these file systems mounted. */
  private Path self(String groups, String mounts) throws IOException {
    Path self = Files.createDirectories(top.resolve("self"));
    Files.writeString(self.resolve("cgroup"), groups);
    Files.writeString(self.resolve("mountinfo"), mounts);
    return self;
  }

  private Path version2(String own, String handingDown) throws IOException {
    Path mount = top.resolve("sys fs");
    Files.createDirectories(mount.resolve(own));
    Path each = mount;
    Files.writeString(each.resolve("cgroup.subtree_control"), "pids\n");
    for (Path name : Path.of(own)) {
      each = each.resolve(name);
      Files.writeString(each.resolve("cgroup.subtree_control"), "pids\n");
    }
    Files.writeString(
        mount.resolve(handingDown).resolve("cgroup.subtree_control"), "cpu memory pids\n");
    return self(
        "0::/%s\n".formatted(own),
        "30 23 0:27 / %s rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
            .formatted(mount.toString().replace(" ", "\\040")));
  }

  private Path version1(String own, String root) throws IOException {
    Path mount = Files.createDirectories(top.resolve("memory"));
    return self(
        "9:name=systemd:/\n4:hugetlb,memory:%s\n0::/\n".formatted(own),
        """
        32 31 0:29 / /nowhere/cpu rw,relatime - cgroup cgroup rw,cpu
        35 31 0:32 %s %s rw,relatime - cgroup cgroup rw,memory
        41 31 0:38 / %s rw,relatime - cgroup2 cgroup2 rw
        """
            .formatted(root, mount, Files.createDirectories(top.resolve("unified"))));
  }

  private static String text(Group group, String file) throws IOException {
    return Files.readString(group.folder().resolve(file));
  }

  private static List<Path> groupsIn(Path parent) throws IOException {
    try (Stream<Path> all = Files.list(parent)) {
      return all.filter(each -> each.getFileName().toString().startsWith("quantgate-"))
          .sorted()
          .toList();
    }
  }

  @Test
  void version2IsMadeBelowTheNearestGroupThatHandsTheControllerDown() throws IOException {
    Path self = version2("user.slice/app.slice/terminal.scope", "user.slice/app.slice");
    MemoryGroups groups = MemoryGroups.find(self, new FakeKernel(VERSION_2), BYTES).orElseThrow();
    assertThat(groups.title()).isEqualTo("control group, version 2");
    Group group = groups.make();
    assertThat(group.folder()).hasParent(top.resolve("sys fs/user.slice/app.slice"));
    assertThat(text(group, "memory.max")).isEqualTo("671088640");
    assertThat(text(group, "memory.swap.max")).isEqualTo("0");
    assertThat(group.files())
        .containsExactly(
            group.folder().resolve("cgroup.procs").toString(),
            group.folder().resolve("memory.stat").toString(),
            group.folder().resolve("memory.events").toString());
    groups.close();
    assertThat(groupsIn(top.resolve("sys fs/user.slice/app.slice"))).isEmpty();
  }

  @Test
  void version2WithoutTheControllerIsNoGroup() throws IOException {
    Path self = version2("user.slice/a.scope", "user.slice");
    Files.writeString(top.resolve("sys fs/user.slice/cgroup.subtree_control"), "memory_x pids\n");
    assertThat(MemoryGroups.find(self, new FakeKernel(VERSION_2), BYTES)).isEmpty();
  }

  @Test
  void version1IsMadeBelowTheOwnGroupWithItsSwapInTheBound() throws IOException {
    Files.createDirectories(top.resolve("memory/session/mine"));
    Path self = version1("/session/mine", "/");
    MemoryGroups groups = MemoryGroups.find(self, new FakeKernel(VERSION_1), BYTES).orElseThrow();
    assertThat(groups.title()).isEqualTo("control group, version 1");
    Group group = groups.make();
    assertThat(group.folder()).hasParent(top.resolve("memory/session/mine"));
    assertThat(text(group, "memory.limit_in_bytes")).isEqualTo("671088640");
    assertThat(text(group, "memory.memsw.limit_in_bytes")).isEqualTo("671088640");
    assertThat(group.events()).hasFileName("memory.oom_control");
    groups.close();
  }

  @Test
  void aKernelThatCountsNoSwapNeedsNoBoundOfIt() throws IOException {
    Path self = version1("/", "/");
    FakeKernel kernel =
        new FakeKernel(VERSION_1.stream().filter(file -> !file.contains("memsw")).toList());
    Group group = MemoryGroups.find(self, kernel, BYTES).orElseThrow().make();
    assertThat(text(group, "memory.limit_in_bytes")).isEqualTo("671088640");
    assertThat(text(group, "memory.swappiness")).isEqualTo("0");
  }

  @Test
  void inAContainerTheMountedPartOfTheHierarchyIsTheTop() throws IOException {
    Path self = version1("/docker/17", "/docker/17");
    MemoryGroups groups = MemoryGroups.find(self, new FakeKernel(VERSION_1), BYTES).orElseThrow();
    assertThat(groups.make().folder()).hasParent(top.resolve("memory"));
  }

  @Test
  void aGroupThatCannotBeBoundedOrEnteredIsNotTakenAndNotLeft() throws IOException {
    Path self = version1("/", "/");
    FakeKernel unbounded = new FakeKernel(List.of("cgroup.procs", "memory.stat"));
    assertThat(MemoryGroups.find(self, unbounded, BYTES)).isEmpty();
    FakeKernel closed = new FakeKernel(VERSION_1);
    closed.lets = false;
    assertThat(MemoryGroups.find(self, closed, BYTES)).isEmpty();
    assertThat(groupsIn(top.resolve("memory"))).isEmpty();
    assertThat(MemoryGroups.find(top.resolve("nothing"), closed, BYTES)).isEmpty();
  }

  @Test
  void whereVersion2CanBeHadItIsTakenBeforeVersion1() throws IOException {
    Path two = version2("own", "own");
    String mounts = Files.readString(two.resolve("mountinfo"));
    Path one = version1("/", "/");
    String both = Files.readString(one.resolve("mountinfo")) + mounts;
    FakeKernel kernel =
        new FakeKernel(Stream.concat(VERSION_1.stream(), VERSION_2.stream()).distinct().toList());
    Path self = self("4:memory:/\n0::/own\n", both);
    assertThat(MemoryGroups.find(self, kernel, BYTES).orElseThrow().title())
        .isEqualTo("control group, version 2");
  }

  @Test
  void aGroupWithAProcessIsRemovedWhenItHasGone() throws IOException {
    Path self = version1("/", "/");
    FakeKernel kernel = new FakeKernel(VERSION_1);
    MemoryGroups groups = MemoryGroups.find(self, kernel, BYTES).orElseThrow();
    Group dying = groups.make();
    Group working = groups.make();
    kernel.populated.add(dying.folder());
    groups.remove(dying);
    assertThat(dying.folder()).exists();
    kernel.populated.clear();
    Group other = groups.make();
    groups.remove(other);
    assertThat(groupsIn(top.resolve("memory"))).containsExactly(working.folder());
    groups.close();
    assertThat(groupsIn(top.resolve("memory"))).isEmpty();
  }

  @Test
  void theGroupsOfKilledRunsAreSweptAndThoseOfLivingOnesStay() throws Exception {
    Path self = version1("/", "/");
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    String machine = RunOwner.current().substring(0, RunOwner.current().indexOf('/'));
    Path parent = top.resolve("memory");
    Path stale =
        parent.resolve(
            "quantgate-%s-0a"
                .formatted(RunOwner.fileName("%s/%d/1".formatted(machine, dead.pid()))));
    Path living =
        parent.resolve("quantgate-%s-0b".formatted(RunOwner.fileName(RunOwner.current())));
    Path foreign = parent.resolve("quantgate-another-machine_1_1-0c");
    Path other = parent.resolve("docker");
    for (Path each : List.of(stale, living, foreign, other)) {
      Files.createDirectory(each);
    }
    assertThat(MemoryGroups.find(self, new FakeKernel(VERSION_1), BYTES)).isPresent();
    assertThat(stale).doesNotExist();
    assertThat(List.of(living, foreign, other)).allSatisfy(each -> assertThat(each).exists());
  }

  @Test
  void aGroupThatCanNoLongerBeMadeIsSaid() throws IOException {
    Path self = version1("/", "/");
    MemoryGroups groups = MemoryGroups.find(self, new FakeKernel(VERSION_1), BYTES).orElseThrow();
    Files.delete(top.resolve("memory"));
    assertThatThrownBy(groups::make)
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("no control group can be made");
  }
}
