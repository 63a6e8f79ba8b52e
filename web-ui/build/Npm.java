import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs npm for Maven: {@code java build/Npm.java install|check|test|build}. The JDK is there in any case, so nothing
 * else is needed to say in one line that Node is not. What has not changed since it last succeeded is not done again.
 */
class Npm {
    private static final int NODE = 20;
    private static final boolean WINDOWS = File.separatorChar == '\\';
    private static final Path HERE = Path.of("").toAbsolutePath();
    private static final Path STAMPS = HERE.resolve("target/npm");
    private static final List<String> INPUTS =
            List.of("src", "public", "dev", "e2e", "index.html", "package-lock.json", "package.json", "tsconfig.json",
                    "vite.config.ts", "biome.json");

    public static void main(String[] arguments) throws Exception {
        if (Boolean.getBoolean("web.skip")) return;
        requireNode();
        switch (arguments[0]) {
            case "install" -> install();
            case "build" -> once("build", HERE.resolve("dist/index.html"));
            default -> once(arguments[0], null);
        }
    }

    private static void requireNode() throws InterruptedException {
        int version = 0;
        try {
            Process node = new ProcessBuilder("node", "--version").redirectErrorStream(true).start();
            String text = new String(node.getInputStream().readAllBytes()).strip();
            if (node.waitFor() == 0 && text.startsWith("v")) {
                version = Integer.parseInt(text.substring(1).split("\\.")[0]);
            }
        } catch (IOException | NumberFormatException missing) {
            // Said below.
        }
        if (version < NODE) {
            fail("The web UI is built with Node " + NODE + " or newer, and "
                    + (version == 0 ? "no node is on the PATH" : "the node on the PATH is " + version)
                    + ". Install it (nodejs.org), or build without the pages by -Dweb.skip");
        }
    }

    private static void install() throws Exception {
        // npm writes this file last: it is the time of the installation that is there.
        Path installed = HERE.resolve("node_modules/.package-lock.json");
        if (Files.exists(installed) && newer(installed, HERE.resolve("package-lock.json"))) return;
        npm("ci", "--no-audit", "--no-fund");
    }

    /** Runs the script unless it succeeded after the last change of anything it reads. */
    private static void once(String script, Path product) throws Exception {
        Path stamp = STAMPS.resolve(script);
        if (Files.exists(stamp) && (product == null || Files.exists(product)) && newer(stamp, newestInput())) return;
        // The names of built files carry their hash: those of the last build would stay in the jar.
        if (script.equals("build")) delete(HERE.resolve("target/classes/META-INF/resources"));
        FileTime begun = FileTime.fromMillis(System.currentTimeMillis());
        npm("run", "--silent", script);
        Files.createDirectories(STAMPS);
        Files.writeString(stamp, "");
        // What is saved while the script runs counts as changed.
        Files.setLastModifiedTime(stamp, begun);
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) return;
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }

    private static Path newestInput() throws IOException {
        Path newest = HERE.resolve("package.json");
        for (String input : INPUTS) {
            if (!Files.exists(HERE.resolve(input))) continue;
            try (Stream<Path> files = Files.walk(HERE.resolve(input))) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    if (newer(file, newest)) newest = file;
                }
            }
        }
        return newest;
    }

    private static boolean newer(Path a, Path b) throws IOException {
        return Files.getLastModifiedTime(a).compareTo(Files.getLastModifiedTime(b)) > 0;
    }

    private static void npm(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(WINDOWS ? List.of("cmd", "/c", "npm") : List.of("npm"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().put("CI", "true");
        int status;
        try {
            status = builder.start().waitFor();
        } catch (IOException missing) {
            fail("node is on the PATH, npm is not: install npm, or build without the pages by -Dweb.skip");
            return;
        }
        if (status != 0) fail("npm " + String.join(" ", arguments) + " failed in " + HERE);
    }

    private static void fail(String line) {
        System.err.println(line);
        System.exit(1);
    }
}
