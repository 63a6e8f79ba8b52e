package org.medley.platform.knowledge;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.medley.platform.knowledge.Knowledge.Bands;
import org.medley.platform.knowledge.Knowledge.Condition;
import org.medley.platform.knowledge.Knowledge.Finding;
import org.medley.platform.knowledge.Knowledge.Risk;
import org.medley.platform.knowledge.Knowledge.Source;

/** Reads the base from the class path, as {@code knowledge/index.yaml} lists it, and refuses a dangling reference by name. */
public final class KnowledgeLoader {
    private static final String ROOT = "/knowledge/";
    private static final ObjectMapper YAML = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final MessageDigest digest;

    private KnowledgeLoader() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }

    private record Index(
            String notice, List<String> vocabularies, List<String> sources, Map<String, List<String>> conditions) {}

    private record BandsFile(
            Map<String, Double> frequency,
            Map<String, Double> background,
            Map<String, Double> prevalence,
            Map<String, Double> risk,
            double against,
            double unexplained) {}

    private record Vocabulary(List<Finding> findings, List<Risk> risks) {}

    private record Sources(List<Source> sources) {}

    private record Refinements(Map<String, String> refinements) {}

    public static Knowledge load() {
        return load(Optional.empty());
    }

    /** @param bands a site's own numbers for the bands, a whole file in the place of {@code bands.yaml} */
    public static Knowledge load(Optional<Path> bands) {
        return new KnowledgeLoader().read(bands);
    }

    private Knowledge read(Optional<Path> siteBands) {
        Index index = file("index.yaml", Index.class);
        BandsFile bands = siteBands
                .map(path -> parse(path.toString(), bytes(path), BandsFile.class))
                .orElseGet(() -> file("bands.yaml", BandsFile.class));
        check(bands);
        Map<String, Finding> findings = new LinkedHashMap<>();
        Map<String, Risk> risks = new LinkedHashMap<>();
        for (String name : index.vocabularies) {
            Vocabulary vocabulary = file(name, Vocabulary.class);
            vocabulary.findings.forEach(f -> unique(findings, f.id(), f, name));
            vocabulary.risks.forEach(r -> unique(risks, r.id(), r, name));
        }
        Map<String, Source> sources = new LinkedHashMap<>();
        for (String name : index.sources) {
            file(name, Sources.class).sources.forEach(s -> unique(sources, s.id(), s, name));
        }
        Map<String, Condition> conditions = new LinkedHashMap<>();
        index.conditions.forEach((specialty, ids) -> ids.forEach(id -> {
            String name = "conditions/" + specialty + "/" + id + ".yaml";
            Condition condition = file(name, Condition.class);
            if (!condition.id().equals(id) || !condition.specialty().equals(specialty)) {
                throw new IllegalStateException(name + ": id or specialty differs from the file's place");
            }
            unique(conditions, id, condition, name);
        }));
        Map<String, String> refinements = file("refinements.yaml", Refinements.class).refinements;
        Knowledge knowledge = new Knowledge(
                HexFormat.of().formatHex(digest.digest()).substring(0, 12),
                index.notice,
                new Bands(
                        bands.frequency,
                        bands.background,
                        bands.prevalence,
                        bands.risk,
                        bands.against,
                        bands.unexplained),
                findings,
                risks,
                sources,
                conditions,
                refinements);
        check(knowledge);
        return knowledge;
    }

    private <T> T file(String name, Class<T> type) {
        try (InputStream in = KnowledgeLoader.class.getResourceAsStream(ROOT + name)) {
            if (in == null) {
                throw new IllegalStateException("knowledge base: " + name + " is missing");
            }
            return parse(name, in.readAllBytes(), type);
        } catch (IOException e) {
            throw new IllegalStateException("knowledge base: " + name + " cannot be read", e);
        }
    }

    private static byte[] bytes(Path path) {
        try {
            return Files.readAllBytes(path);
        } catch (IOException e) {
            throw new IllegalStateException("knowledge base: " + path + " cannot be read", e);
        }
    }

    private <T> T parse(String name, byte[] bytes, Class<T> type) {
        digest.update(bytes);
        try {
            return YAML.readValue(bytes, type);
        } catch (JacksonException e) {
            throw new IllegalStateException(
                    "knowledge base: " + name + ":" + e.getLocation().getLineNr() + ": " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new IllegalStateException("knowledge base: " + name + " cannot be read", e);
        }
    }

    private static void check(BandsFile bands) {
        inside(bands.frequency, 0.001, 0.999);
        inside(bands.background, 0.0001, 0.999);
        inside(bands.prevalence, 1e-6, 1e6);
        inside(bands.risk, 0.01, 100);
        inside(Map.of("against", bands.against), 0.01, 1);
        inside(Map.of("unexplained", bands.unexplained), 0, 1e6);
    }

    private static void inside(Map<String, Double> values, double min, double max) {
        values.forEach((band, value) -> {
            if (value == null || !(value >= min && value <= max)) {
                throw new IllegalStateException(
                        "knowledge base: band '" + band + "' is " + value + "; " + min + " to " + max + " is possible");
            }
        });
    }

    private static <T> void unique(Map<String, T> map, String id, T value, String file) {
        if (map.put(id, value) != null) {
            throw new IllegalStateException("knowledge base: " + file + ": id " + id + " is defined twice");
        }
    }

    private static void check(Knowledge base) {
        base.findings().values().forEach(f -> known(base.bands().background(), f.background(), f.id()));
        base.refinements().forEach((specific, general) -> {
            known(base.findings(), specific, "refinements");
            known(base.findings(), general, "refinements");
        });
        for (Condition c : base.conditions().values()) {
            known(base.bands().prevalence(), c.prevalence(), c.id());
            c.findings().forEach(f -> {
                known(base.findings(), f.finding(), c.id());
                known(base.bands().frequency(), f.frequency(), c.id());
            });
            c.against().forEach(a -> known(base.findings(), a.finding(), c.id()));
            c.redFlags().forEach(f -> known(base.findings(), f, c.id()));
            c.sources().forEach(s -> known(base.sources(), s, c.id()));
            c.risks().forEach(r -> {
                known(base.risks(), r.risk(), c.id());
                known(base.bands().risk(), r.strength(), c.id());
            });
        }
    }

    private static void known(Map<String, ?> map, String key, String where) {
        if (!map.containsKey(key)) {
            throw new IllegalStateException("knowledge base: " + where + ": '" + key + "' is not defined");
        }
    }
}
