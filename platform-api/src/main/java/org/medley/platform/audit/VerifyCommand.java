package org.medley.platform.audit;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import javax.sql.DataSource;
import org.medley.platform.database.CommandDatabase;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Verifies the trail without trusting the application that wrote it: whether that runs or not. */
@Command(
        name = "medley audit verify",
        mixinStandardHelpOptions = true,
        description = "Walks the whole audit trail; exit code 1 if an event was changed or removed.")
public final class VerifyCommand implements Callable<Integer> {
    @Option(names = "--data", description = "Medley's data folder; default ~/.medley")
    Path data = Path.of(System.getProperty("user.home"), ".medley");

    @Option(
            names = "--anchors",
            description = "heads noted earlier, for instance a copy kept elsewhere; default the data folder's own")
    Path anchors;

    public static void main(String... args) {
        CommandLine line = new CommandLine(new VerifyCommand());
        line.setExecutionExceptionHandler((problem, command, parsed) -> {
            command.getErr().println("medley: " + problem.getMessage());
            return 2;
        });
        System.exit(line.execute(args));
    }

    @Override
    public Integer call() throws Exception {
        Path folder = data.toAbsolutePath().normalize();
        return CommandDatabase.use(folder, database -> report(database, folder));
    }

    private int report(DataSource database, Path folder) throws Exception {
        Anchors noted = anchors == null ? Anchors.in(folder) : new Anchors(anchors);
        Verification found = Verification.of(database, noted.read());
        System.out.println(found.events() + " events, head " + found.headHash());
        System.out.println(
                found.valid()
                        ? "the audit trail is whole"
                        : "BROKEN at event " + found.firstBroken().sequence() + ": "
                                + found.firstBroken().reason());
        return found.valid() ? 0 : 1;
    }
}
