package org.medley.runtime.tensor.cuda;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class BindingsTest {
    /** What is called of them is in one place, where it is kept to what every supported CUDA has. */
    @Test
    void onlyTheDriverPackageNamesTheBindings() {
        JavaClasses classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("org.medley.runtime");
        noClasses()
                .that()
                .resideOutsideOfPackage("org.medley.runtime.tensor.cuda.driver")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .check(classes);
    }
}
