package dev.quantgate.sandbox.bubblewrap;

import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.worker.WorkerLauncher;
import dev.quantgate.sandbox.worker.WorkerScripts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Starts the supervisor of the docker kind behind bubblewrap's walls, for root: as a container, but
 * without an engine; in a control group of its own where this machine lets root make one.
 */
record SupervisorLauncher(BubblewrapArguments arguments, SortedMap<String, String> facts)
    implements WorkerLauncher {
  /**
   * Hands over what Java cannot pass: the filter, which bubblewrap reads from a descriptor, and
   * what a control group says, since none can be seen from inside. Enters the group, which
   * everything that comes of this process is in then.
   */
  private static final String GATE =
      """
      import base64,os,sys
      _,code,number,*rest=sys.argv
      f=os.memfd_create("filter",0)
      os.write(f,base64.b64decode(code))
      os.lseek(f,0,0)
      files,command=rest[:int(number)],rest[int(number):]
      told=[]
      if files:
       with open(files[0],"w") as entry:entry.write("0")
       for file in files[1:]:
        told.append(os.open(file,os.O_RDONLY))
        os.set_inheritable(told[-1],True)
      os.execv(command[0],[command[0],"--seccomp",str(f),*command[1:],*map(str,told)])
      """;

  /** User ids that no account has, two for each job. */
  private static final List<Integer> USER_IDS = List.of(100_000, 900_000);

  static SupervisorLauncher open(BubblewrapArguments arguments) {
    SortedMap<String, String> facts = new TreeMap<>(arguments.facts());
    facts.put("userIds", "two of its own for each job");
    return new SupervisorLauncher(arguments, facts);
  }

  @Override
  public String kind() {
    return "bubblewrap";
  }

  @Override
  public List<String> scripts() {
    return List.of("roles", "supervisor");
  }

  @Override
  public Map<String, Object> setup() {
    return Map.of("user_ids", USER_IDS, "control_group", false);
  }

  @Override
  public Launched launch() {
    String python = arguments.python().executable();
    List<String> command = new ArrayList<>(List.of(python, "-I", "-S", "-c", GATE));
    byte[] filter =
        SeccompFilter.compileForSupervisor(
            WorkerScripts.seccompProfile(), arguments.groups().isPresent());
    command.add(Base64.getEncoder().encodeToString(filter));
    Optional<MemoryGroups.Group> group = arguments.groups().map(MemoryGroups::make);
    List<String> files = group.map(MemoryGroups.Group::files).orElse(List.of());
    command.add(Integer.toString(files.size()));
    command.addAll(files);
    command.addAll(arguments.aroundSupervisor());
    command.addAll(List.of(python, "-s", "-B", "-c", WorkerScripts.bootstrap()));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(Path.of("/").toFile());
    builder.environment().clear();
    builder.environment().putAll(Map.of("PYTHONHASHSEED", "0", "MALLOC_ARENA_MAX", "2"));
    try {
      return new Launched(builder.start(), () -> arguments.remove(group));
    } catch (IOException e) {
      arguments.remove(group);
      throw new SandboxException(
          Kind.UNAVAILABLE, "%s cannot be run: %s".formatted(python, e.getMessage()), e);
    }
  }

  @Override
  public SortedMap<String, String> identity() {
    SortedMap<String, String> identity = new TreeMap<>();
    identity.put(
        "seccompSha256",
        WorkerScripts.sha256(WorkerScripts.seccompProfile().getBytes(StandardCharsets.UTF_8)));
    return identity;
  }

  /** A supervisor ends with its input, and everything in its room with it. */
  @Override
  public void close() {
    arguments.groups().ifPresent(MemoryGroups::close);
  }
}
