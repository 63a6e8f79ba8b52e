package org.medley.training.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process that opens a store, says how far it is, and at last what it holds. */
final class StoreProcess {
    private StoreProcess() {}

    /** Arguments: folder of the fixture, data, format, milliseconds that each bit of progress takes. */
    public static void main(String[] args) throws Exception {
        try (DataFixture data = new DataFixture(Path.of(args[0]))) {
            long pause = Long.parseLong(args[3]);
            TokenStore store = data.open(Path.of(args[1]), Format.valueOf(args[2]), (done, total) -> {
                System.out.println("read " + done + " of " + total);
                try {
                    Thread.sleep(pause);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            Feed feed = Feed.windows(List.of(new Feed.Source(store, 1)), 512, 4096, 1);
            long rows = 0;
            while (rows < feed.rows()) {
                rows += feed.next().batch().rows();
            }
            System.out.println("store " + store.folder().getFileName() + " " + store.examples() + " " + store.tokens());
        }
    }

    static Process start(DataFixture data, String heap, Path file, Format format, long pause) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                StoreProcess.class.getName()));
        command.addAll(List.of(data.home.toString(), file.toString(), format.name(), String.valueOf(pause)));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
