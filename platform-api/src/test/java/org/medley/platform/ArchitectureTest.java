package org.medley.platform;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.quarkus.security.Authenticated;
import jakarta.annotation.security.DenyAll;
import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RolesAllowed;
import jakarta.persistence.Entity;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.lang.annotation.Annotation;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The layout of the design, as rules. */
class ArchitectureTest {
    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.medley");
    private static final List<Class<? extends Annotation>> SECURITY =
            List.of(RolesAllowed.class, PermitAll.class, DenyAll.class, Authenticated.class);

    @Test
    void everyEndpointSaysWhoMayCallIt() {
        methods()
                .that()
                .areMetaAnnotatedWith(HttpMethod.class)
                .should(new ArchCondition<>("carry a security annotation, or their class") {
                    @Override
                    public void check(JavaMethod method, ConditionEvents events) {
                        boolean secured = SECURITY.stream()
                                .anyMatch(a -> method.isAnnotatedWith(a)
                                        || method.getOwner().isAnnotatedWith(a));
                        events.add(new SimpleConditionEvent(method, secured, method.getFullName() + " carries none"));
                    }
                })
                .check(CODE);
    }

    @Test
    void modulesDependInOneDirection() {
        noClasses()
                .that()
                .resideInAPackage("org.medley.runtime..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.medley.training..", "org.medley.search..", "org.medley.platform..")
                .check(CODE);
        noClasses()
                .that()
                .resideInAPackage("org.medley.training..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.medley.search..", "org.medley.platform..")
                .check(CODE);
        noClasses()
                .that()
                .resideInAPackage("org.medley.search..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.medley.training..", "org.medley.platform..")
                .check(CODE);
        noClasses()
                .that()
                .resideInAPackage("org.medley.search..")
                .should()
                .dependOnClassesThat(resideInAPackage("org.medley.runtime..").and(not(simpleName("Embedder"))))
                .as("search knows of the models nothing but how to embed a text")
                .check(CODE);
    }

    @Test
    void librariesKnowNoFramework() {
        noClasses()
                .that()
                .resideInAnyPackage("org.medley.training..", "org.medley.search..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.quarkus..", "jakarta..")
                .check(CODE);
    }

    @Test
    void featuresHaveNoCycles() {
        slices().matching("org.medley.platform.(*)..").should().beFreeOfCycles().check(CODE);
    }

    @Test
    void rowsOfTheDatabaseStayInsideTheirFeature() {
        classes().that().areAnnotatedWith(Entity.class).should().notBePublic().check(CODE);
    }

    @Test
    void resourcesLieWithTheirFeature() {
        classes()
                .that()
                .areAnnotatedWith(Path.class)
                .and()
                .resideInAPackage("org.medley.platform..")
                .should()
                .haveSimpleNameEndingWith("Resource")
                .check(CODE);
    }
}
