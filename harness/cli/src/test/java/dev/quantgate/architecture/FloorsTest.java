package dev.quantgate.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Keeps the floors of the house: each imports only from below. */
class FloorsTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(
              location -> !location.contains("/test-classes/") && !location.contains("-tests.jar"))
          .importPackages("dev.quantgate");

  @Test
  void theClassesOfEachFloorWereReallyRead() {
    for (String floor :
        new String[] {
          "base",
          "guest",
          "inference",
          "sandbox",
          "benchmarks",
          "quantization",
          "evaluation",
          "reports",
          "junit",
          "cli"
        }) {
      long count =
          CLASSES.stream()
              .filter(type -> type.getPackageName().startsWith("dev.quantgate." + floor))
              .count();
      assertThat(count).as("classes in dev.quantgate.%s", floor).isGreaterThanOrEqualTo(3);
    }
    assertThat(CLASSES.size()).isGreaterThan(150);
  }

  @Test
  void eachFloorImportsOnlyFromBelow() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("cli")
        .definedBy("dev.quantgate.cli..")
        .layer("junit")
        .definedBy("dev.quantgate.junit..")
        .layer("reports")
        .definedBy("dev.quantgate.reports..")
        .layer("evaluation")
        .definedBy("dev.quantgate.evaluation..")
        .layer("quantization")
        .definedBy("dev.quantgate.quantization..")
        .layer("inference")
        .definedBy("dev.quantgate.inference..")
        .layer("sandbox")
        .definedBy("dev.quantgate.sandbox..")
        .layer("benchmarks")
        .definedBy("dev.quantgate.benchmarks..")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("junit")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("reports")
        .mayOnlyBeAccessedByLayers("junit", "cli")
        .whereLayer("evaluation")
        .mayOnlyBeAccessedByLayers("reports", "junit", "cli")
        .whereLayer("quantization")
        .mayOnlyBeAccessedByLayers("evaluation", "reports", "cli")
        .whereLayer("inference")
        .mayOnlyBeAccessedByLayers("quantization", "evaluation", "reports", "cli")
        .whereLayer("sandbox")
        .mayOnlyBeAccessedByLayers("evaluation", "reports", "cli")
        .whereLayer("benchmarks")
        .mayOnlyBeAccessedByLayers("evaluation", "reports", "cli")
        .layer("guest")
        .definedBy("dev.quantgate.guest..")
        .whereLayer("guest")
        .mayOnlyBeAccessedByLayers("inference", "sandbox")
        .layer("base")
        .definedBy("dev.quantgate.base..")
        .ensureAllClassesAreContainedInArchitecture()
        .check(CLASSES);
  }

  @Test
  void theBaseImportsNothingOfTheHouse() {
    noClasses()
        .that()
        .resideInAPackage("dev.quantgate.base..")
        .should()
        .dependOnClassesThat(
            JavaClass.Predicates.resideInAPackage("dev.quantgate..")
                .and(
                    DescribedPredicate.not(
                        JavaClass.Predicates.resideInAPackage("dev.quantgate.base.."))))
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.quantgate.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void protocolsKnowNoEngineAndNoSandboxKind() {
    noClasses()
        .that()
        .resideInAPackage("dev.quantgate.evaluation..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.quantgate.inference.cpu..",
            "dev.quantgate.sandbox.docker..",
            "dev.quantgate.sandbox.embedded..",
            "dev.quantgate.sandbox.bubblewrap..")
        .check(CLASSES);
  }

  @Test
  void noFaceNamesAKindOfSandboxOrEngineButToBuildTheImage() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.quantgate.cli..", "dev.quantgate.reports..")
        .should()
        .dependOnClassesThat(
            JavaClass.Predicates.resideInAnyPackage(
                    "dev.quantgate.inference.cpu..",
                    "dev.quantgate.inference.cuda..",
                    "dev.quantgate.sandbox.docker..",
                    "dev.quantgate.sandbox.embedded..",
                    "dev.quantgate.sandbox.bubblewrap..",
                    "dev.quantgate.guest..")
                .and(DescribedPredicate.not(JavaClass.Predicates.simpleName("SandboxImage"))))
        .check(CLASSES);
  }

  @Test
  void onlyTheFacesWriteToTheConsole() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.quantgate.cli..", "dev.quantgate.sandbox.embedded..")
        // A process of its own, which answers its parent through its pipes.
        .and()
        .doNotHaveFullyQualifiedName("dev.quantgate.inference.tokenizer.TokenizerProcess")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(CLASSES);
  }
}
