package org.medley.training.recipe;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.reader.ReaderException;

/** Keys and values that a person wrote, and on which lines. */
public final class WrittenYaml {
    private static final long MAX_BYTES = 1 << 20;

    private final String where;
    private final Places places;
    private final JsonNode tree;

    private WrittenYaml(String where, Places places, JsonNode tree) {
        this.where = where;
        this.places = places;
        this.tree = tree;
    }

    /** @throws BadRecipeException if there is no such file, or it holds no YAML */
    public static WrittenYaml read(Path file) {
        try {
            if (Files.isDirectory(file)) {
                throw new BadRecipeException(file + ": is a folder; a YAML file is needed");
            }
            if (Files.size(file) > MAX_BYTES) {
                throw new BadRecipeException(file + ": is larger than it may be, " + MAX_BYTES + " bytes");
            }
            return of(Files.readString(file), file.toString());
        } catch (IOException e) {
            String why = switch (e) {
                case NoSuchFileException none -> "there is no such file";
                case AccessDeniedException denied -> "this process may not read it";
                case CharacterCodingException other -> "is not UTF-8 text; a YAML file is needed";
                case FileSystemException other when other.getReason() != null -> other.getReason();
                default -> "cannot be read: " + e.getMessage();
            };
            throw new BadRecipeException(file + ": " + why, e);
        }
    }

    /**
     * @param where how refusals name the text
     * @throws BadRecipeException if it is no YAML, or holds no keys
     */
    static WrittenYaml of(String yaml, String where) {
        Places places;
        try {
            places = Places.read(yaml);
        } catch (MarkedYAMLException e) {
            throw new BadRecipeException(where + ":" + noYaml(yaml, e), e);
        } catch (ReaderException e) {
            long line = 1
                    + yaml.substring(0, Math.min(yaml.length(), e.getPosition()))
                            .chars()
                            .filter(c -> c == '\n')
                            .count();
            throw new BadRecipeException(
                    where + ":" + line
                            + String.format(": holds the character U+%04X, which is no text", e.getCodePoint()),
                    e);
        } catch (YAMLException e) {
            throw new BadRecipeException(
                    where + ": is no YAML that can be read: sections lie too deep in each other", e);
        }
        if (!places.problems().isEmpty()) {
            throw new BadRecipeException(places.problems().entrySet().stream()
                    .map(problem -> where + ":" + problem.getKey() + ": " + problem.getValue())
                    .collect(Collectors.joining("\n")));
        }
        JsonNode tree;
        try {
            tree = Conversion.tree(yaml);
        } catch (JacksonException e) {
            String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
            throw new BadRecipeException(where + line + ": holds a value that cannot be read", e);
        }
        if (!tree.isObject()) {
            boolean empty = tree.isMissingNode() || tree.isNull();
            throw new BadRecipeException(where + (empty ? ": is empty" : ": is " + Conversion.shown(tree))
                    + "; lines such as 'name: my-model' are needed");
        }
        return new WrittenYaml(where, places, tree);
    }

    /** From the line on: what of the text is no YAML, without the words of a parser. */
    private static String noYaml(String yaml, MarkedYAMLException e) {
        Mark at = e.getProblemMark();
        String[] lines = yaml.split("\n", -1);
        int line = Math.min(at.getLine(), lines.length - 1);
        String rest = lines[line].substring(Math.min(at.getColumn(), lines[line].length()));
        int begun = e.getContextMark() == null ? line : e.getContextMark().getLine();
        String from = begun == line ? "" : ", of what begins in line " + (begun + 1);
        String what;
        if (rest.startsWith("\t")) {
            what = "begins with a tab; indent with spaces";
        } else if (rest.isBlank()) {
            what = "is no YAML at its end" + from + "; close every bracket and quote, and write ': ' behind each key";
        } else {
            String found = Conversion.shortened(rest.strip());
            what = "is no YAML from \"" + found + "\" on" + from + "; look at indentation, brackets and quotes (a text"
                    + " with signs such as : # ? , [ ] { } * & ! in it needs quotes)";
        }
        return (line + 1) + ": " + what;
    }

    /** What a refusal of a key begins with: file and line. */
    public String at(String key) {
        int line = key.isEmpty() ? 0 : places.line(key);
        return where + (line == 0 ? "" : ":" + line) + ": ";
    }

    /** Whether the key itself is written. */
    public boolean has(String key) {
        return places.has(key);
    }

    /** @throws BadRecipeException if keys are unknown, or values of another type */
    public <T> T as(Class<T> type) {
        return Conversion.to(type, tree, this::at);
    }
}
