package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.time.LocalDate;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FormatsTest {
    private static Dfa format(String name) {
        return Formats.named(name, "#/format", new Limits.Budget(Limits.DEFAULT));
    }

    @Test
    void datesAreTheDaysThatExist() {
        Dfa date = format("date");
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 40_000; i++) {
            int year = i < 20_000 ? random.nextInt(1890, 2110) : random.nextInt(1000, 10_000);
            int month = random.nextInt(14);
            int day = random.nextInt(33);
            boolean exists = month >= 1
                    && month <= 12
                    && day >= 1
                    && day <= LocalDate.of(year, month, 1).lengthOfMonth();
            String text = String.format("%04d-%02d-%02d", year, month, day);
            assertThat(date.accepts(text)).as(text).isEqualTo(exists);
        }
    }

    /** Whether a domain exists is no matter of form, so the validator's list of them leaves email to other tests. */
    @ParameterizedTest
    @ValueSource(strings = {"date", "time", "date-time", "duration", "uuid", "ipv4", "ipv6", "hostname", "uri"})
    void whatIsWrittenInAFormatIsValid(String name) {
        String json = "{\"type\":\"string\",\"format\":\"" + name + "\"}";
        Schema schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(json);
        Vocabulary vocabulary = AwkwardVocabulary.of(9, 900);
        Grammar grammar = Grammar.compile(new Syntax.JsonSchema(json), vocabulary);
        for (long seed = 0; seed < 150; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            String text = new RandomModel(vocabulary, random).write(grammar, random.nextInt(50));
            assertThat(schema.validate(
                            text,
                            InputFormat.JSON,
                            context -> context.executionConfig(config -> config.formatAssertionsEnabled(true))))
                    .as("seed %d: %s", seed, text)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "time, 23:59:59Z, true",
        "time, 23:59:59.123+02:00, true",
        "time, 24:00:00Z, false",
        "time, 12:00Z, false",
        "date-time, 2024-02-29T00:00:00Z, true",
        "date-time, 2023-02-29T00:00:00Z, false",
        "uuid, 123e4567-e89b-12d3-a456-426614174000, true",
        "uuid, 123e4567e89b12d3a456426614174000, false",
        "email, first.last+tag@example.co.uk, true",
        "email, a@b, false",
        "email, .a@b.org, false",
        "email, a@-b.org, false",
        "ipv4, 255.0.10.1, true",
        "ipv4, 256.0.0.1, false",
        "ipv4, 01.0.0.1, false",
        "ipv6, ::1, true",
        "ipv6, ::, true",
        "ipv6, 2001:db8::8a2e:370:7334, true",
        "ipv6, 1:2:3:4:5:6:7:8, true",
        "ipv6, 1:2:3:4:5:6:7, false",
        "ipv6, 1::2::3, false",
        "hostname, www.example.org, true",
        "hostname, -a.org, false",
        "uri, https://example.org:8080/a/b?c=d#e, true",
        "uri, example.org, false",
        "duration, P1Y2M3DT4H5M6S, true",
        "duration, P1W, true",
        "duration, P, false"
    })
    void formatsTellTextsApart(String name, String text, boolean valid) {
        assertThat(format(name).accepts(text)).isEqualTo(valid);
    }
}
