package dev.quantgate.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keeps rooms small and classes short, and {@code harness/dev/house} true. */
class HouseTest {
  @Test
  void noPackageHoldsMoreThanATenthOfTheMainCode() throws IOException {
    House house = House.read(tree());

    assertThat(house.packages()).hasSizeGreaterThan(25).containsKey("dev.quantgate.cli");
    assertThat(house.lines()).isGreaterThan(40_000);
    assertThat(house.packages().keySet())
        .allSatisfy(
            name -> assertThat(house.share(name)).as(name).isLessThanOrEqualTo(House.LARGE_SHARE));
  }

  @Test
  void noClassIsLong() throws IOException {
    assertThat(House.read(tree()).longClasses().keySet())
        .as("classes above %d lines", House.LONG_LINES)
        .isEmpty();
  }

  @Test
  void aCycleALargePackageAndALongClassAreDrawn(@TempDir Path tree) throws IOException {
    Path first =
        module(
            tree, "one", "package dev.quantgate.one;\npublic class A { dev.quantgate.two.B b; }");
    Path second =
        module(
            tree,
            "two",
            "package dev.quantgate.two;\npublic class B { static dev.quantgate.one.A a() { return null; } }"
                + "\n".repeat(499));
    assertThat(House.read(tree).drawing()).contains("(not built)", "cycles: 0");

    Path classes = Files.createDirectories(tree.resolve("one/target/classes"));
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-d",
                classes.toString(),
                first.toString(),
                second.toString());

    assertThat(compiled).isZero();
    assertThat(House.read(tree).drawing())
        .isEqualTo(
            """
            2 packages, 2 files, 502 lines of main code
            package                              files  lines  share  imports
            one                                      1      2  0.4 %  two
            two                                      1    500 99.6 %  one

            cycles: 1
              dev.quantgate.one <-> dev.quantgate.two
            packages above 10 %: 1
              two 99.6 %
            classes above 450 lines: 1
              two.B 500
            """);
  }

  private static Path module(Path tree, String name, String source) throws IOException {
    Path folder = tree.resolve(name).resolve("src/main/java/dev/quantgate").resolve(name);
    Files.createDirectories(folder);
    Files.writeString(tree.resolve(name).resolve("pom.xml"), "<project/>");
    Path file = folder.resolve(name.equals("one") ? "A.java" : "B.java");
    return Files.writeString(file, source);
  }

  private static Path tree() {
    for (Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent()) {
      if (Files.exists(up.resolve("mvnw"))) {
        return up;
      }
    }
    throw new IllegalStateException("no tree with mvnw above the current folder");
  }
}
