package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What is written under a schema, beside a reader and a validator that know nothing of grammars. */
class JsonSchemaTest {
    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static void assertFollows(String schema, String text, long seed) {
        try {
            STRICT.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("seed " + seed + ": not JSON: " + text + " under " + schema, e);
        }
        assertThat(SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                        .getSchema(schema)
                        .validate(
                                text,
                                InputFormat.JSON,
                                context -> context.executionConfig(config -> config.formatAssertionsEnabled(true))))
                .as("seed %d: %s under %s", seed, text, schema)
                .isEmpty();
    }

    @Test
    void whateverARandomModelWritesFollowsTheSchema() {
        Vocabulary[] vocabularies = new Vocabulary[4];
        for (int i = 0; i < vocabularies.length; i++) {
            vocabularies[i] = AwkwardVocabulary.of(i, 257 + 500 * i);
        }
        int ended = 0;
        int impossible = 0;
        for (long seed = 0; seed < 1000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            String schema = new RandomSchemas(random).next().toString();
            Vocabulary vocabulary = vocabularies[(int) (seed % vocabularies.length)];
            Grammar grammar;
            try {
                grammar = Grammar.compile(new Syntax.JsonSchema(schema), vocabulary);
            } catch (GrammarException e) {
                assertThat(e).as("seed %d: %s", seed, schema).hasMessageStartingWith("no text satisfies");
                impossible++;
                continue;
            }
            RandomModel model = new RandomModel(vocabulary, random);
            for (int i = 0; i < 2; i++) {
                String text = model.write(grammar, random.nextInt(60));
                assertFollows(schema, text, seed);
                ended++;
            }
        }
        System.out.println("1000 schemas, " + impossible + " impossible, " + ended + " texts");
        assertThat(impossible).isLessThan(50);
    }
}
