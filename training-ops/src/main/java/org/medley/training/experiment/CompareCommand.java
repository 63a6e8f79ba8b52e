package org.medley.training.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.medley.training.trainer.Catalog;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs an experiment from the command line and writes its table and pictures. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        description = "Trains variants of a recipe by several seeds, prints a table and draws their curves.")
public final class CompareCommand implements Callable<Integer> {
    @Parameters(paramLabel = "EXPERIMENT", description = "YAML file with recipe, seeds and variants")
    private Path file;

    @Option(
            names = "--data",
            description = "folder with models/, datasets/ and experiments/ (default: ${DEFAULT-VALUE})",
            defaultValue = "${sys:user.home}/.medley")
    private Path data;

    @Option(names = "--only", split = ",", description = "variants, the first of which others are compared with")
    private List<String> only;

    @Option(
            names = "--metric",
            split = ",",
            description = "figures to compare (default: loss, evaluationLoss if it is measured)")
    private List<String> metrics;

    @Option(names = "--pictures", description = "folder that METRIC curves are drawn to as NAME-METRIC.svg")
    private Path pictures;

    @Option(names = "--plan", description = "print what memory each variant will take, and train nothing")
    private boolean plan;

    @Override
    public Integer call() throws IOException {
        Experiment all = Experiment.read(file);
        Experiment experiment = only == null ? all : all.only(only);
        Catalog catalog = new Catalog(
                data.resolve("models"),
                data.resolve("datasets"),
                file.toAbsolutePath().getParent());
        Path work = data.resolve("experiments").resolve(experiment.name());
        ExperimentRun runs = new ExperimentRun(experiment, catalog, work, System.err::println);
        if (plan) {
            System.out.print(Report.memory(runs.planned()));
            return 0;
        }
        Map<String, List<List<JsonNode>>> results = runs.run();
        List<String> compared = Report.metrics(results, metrics);
        System.out.print(Report.table(results, compared));
        if (pictures != null) {
            Files.createDirectories(pictures);
            for (String metric : compared) {
                Path picture = pictures.resolve(experiment.name() + "-" + metric + ".svg");
                Files.writeString(picture, Chart.of(results, metric));
                System.out.println(picture);
            }
        }
        return 0;
    }
}
