package org.medley.runtime.hub;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One file of a model on a hub.
 *
 * @param size in bytes
 * @param sha256 of its content, or null where the hub has none
 * @param blob git's SHA-1 of it as a blob, or null
 */
record HubFile(String name, long size, String sha256, String blob) {
    /** What a model is read from: nothing else of a repository is fetched. */
    private static final Pattern NEEDED = Pattern.compile("config\\.json|generation_config\\.json|tokenizer\\.json"
            + "|tokenizer_config\\.json|special_tokens_map\\.json|chat_template\\.jinja|LICENSE(\\.txt|\\.md)?"
            + "|modules\\.json|config_sentence_transformers\\.json|sentence_bert_config\\.json|1_Pooling/config\\.json"
            + "|model\\.safetensors\\.index\\.json|model(-\\d{5}-of-\\d{5})?\\.safetensors");

    private static final int MOST = 10_000;

    /**
     * The files to fetch from a listing, as {@code GET /api/models/ORG/NAME/revision/REVISION?blobs=true} answers.
     *
     * @param gguf the GGUF file to fetch instead of a folder, or null to choose
     */
    static List<HubFile> needed(Repository repository, JsonNode listing, String gguf) {
        JsonNode siblings = listing.path("siblings");
        if (!siblings.isArray() || siblings.isEmpty() || siblings.size() > MOST) {
            throw new HubException(
                    repository + ": the hub lists " + siblings.size() + " files; 1 to " + MOST + " are possible");
        }
        List<HubFile> needed = new ArrayList<>();
        List<HubFile> ggufs = new ArrayList<>();
        for (JsonNode sibling : siblings) {
            String name = sibling.path("rfilename").asText("");
            if (isEvil(name)) {
                throw new HubException(repository + ": the hub lists a file '" + printable(name)
                        + "', which leaves the model's folder or is no file name");
            }
            if (NEEDED.matcher(name).matches()) {
                needed.add(file(repository, sibling, name));
            } else if (name.matches("[A-Za-z0-9_][A-Za-z0-9._-]*\\.gguf")) {
                ggufs.add(file(repository, sibling, name));
            }
        }
        needed.sort(Comparator.comparingLong(HubFile::size).thenComparing(HubFile::name));
        boolean weights = needed.stream().anyMatch(file -> file.name.endsWith(".safetensors"));
        return gguf == null && weights ? needed : List.of(chosen(repository, ggufs, gguf));
    }

    private static HubFile chosen(Repository repository, List<HubFile> ggufs, String wanted) {
        List<HubFile> fitting = ggufs.stream()
                .filter(file -> wanted == null || file.name.equals(wanted))
                .toList();
        if (fitting.size() == 1) {
            return fitting.getFirst();
        }
        List<String> names = ggufs.stream().map(HubFile::name).sorted().toList();
        if (names.isEmpty()) {
            throw new HubException(repository + " has neither safetensors nor GGUF files");
        }
        throw new HubException(repository + (wanted == null ? " has several GGUF files" : " has no file " + wanted)
                + "; choose with --file one of " + String.join(", ", names));
    }

    private static HubFile file(Repository repository, JsonNode sibling, String name) {
        JsonNode lfs = sibling.path("lfs");
        JsonNode size = sibling.has("size") ? sibling.get("size") : lfs.path("size");
        if (!size.isIntegralNumber() || !size.canConvertToLong() || size.asLong() < 0) {
            throw new HubException(repository + ": the hub gives no size of " + name);
        }
        String sha256 = hash(lfs.path("sha256").asText(lfs.path("oid").asText("")), 64);
        return new HubFile(
                name, size.asLong(), sha256, hash(sibling.path("blobId").asText(""), 40));
    }

    /** A hash in lower case if the text is one of that many hexadecimal digits, or null. */
    static String hash(String text, int digits) {
        String bare = text.replaceFirst("^sha256:", "").toLowerCase(java.util.Locale.ROOT);
        return bare.matches("[0-9a-f]{" + digits + "}") ? bare : null;
    }

    private static boolean isEvil(String name) {
        try {
            Path path = Path.of(name);
            boolean climbs = false;
            for (Path part : path) {
                climbs |= part.toString().equals("..") || part.toString().equals(".");
            }
            boolean strange = name.chars().anyMatch(c -> c < ' ' || c == '\\' || c == ':' || c == 127);
            return name.isEmpty() || name.startsWith("/") || path.isAbsolute() || climbs || strange;
        } catch (java.nio.file.InvalidPathException e) {
            return true;
        }
    }

    private static String printable(String name) {
        return name.replaceAll("\\p{Cntrl}", "?");
    }
}
