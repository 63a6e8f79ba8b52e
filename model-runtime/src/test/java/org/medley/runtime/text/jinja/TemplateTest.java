package org.medley.runtime.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TemplateTest {
    /** Small templates with Jinja2's results (src/test/golden/make_template_golden.py). */
    static Stream<Arguments> snippets() throws IOException {
        JsonNode golden = new ObjectMapper()
                .readTree(Path.of("src/test/resources/golden/templates/snippets.json")
                        .toFile());
        List<Arguments> all = new ArrayList<>();
        golden.properties().forEach(entry -> all.add(Arguments.of(entry.getKey(), entry.getValue())));
        return all.stream();
    }

    private static String render(String template) {
        Map<String, Object> person = new java.util.LinkedHashMap<>();
        person.put("name", "Ada");
        person.put("age", 36);
        person.put("tags", List.of("x", "Y"));
        return Template.parse(template)
                .render(Map.of(
                        "word",
                        "Grüße, Welt 🙂!",
                        "n",
                        7,
                        "f",
                        2.5,
                        "items",
                        List.of(3, 1, 2),
                        "person",
                        person,
                        "yes",
                        true));
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void snippetsAreRenderedAsJinja2Does(String template, JsonNode expected) {
        if (expected.isNull()) {
            assertThatThrownBy(() -> render(template)).isInstanceOf(TemplateException.class);
        } else {
            assertThat(render(template)).isEqualTo(expected.asText());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            quoteCharacter = '`',
            value = {
                "{{ 1 § line 1: a tag is not closed by }}",
                "{{ 'a }} § line 1: a string is not closed by '",
                "{# a § line 1: a comment is not closed by #}",
                "{% if a %}b § line 1: there is the end where 'elif' or 'else' or 'endif' should be",
                "{% for x of y %}{% endfor %} § line 1: there is 'of' where 'in' should be",
                "{% break %} § line 1: break is outside of any loop",
                "{% include 'x' %} § line 1: there is no statement 'include'",
                "{{ x | nosuch }} § line 1: there is no filter 'nosuch'",
                "{{ x is nosuch }} § line 1: there is no test 'nosuch'",
                "{{ nothing.at.all }} § line 1: 'nothing' is undefined",
                "{{ word + 1 }} § line 1: '+' cannot be used with a string and an integer",
                "{{ raise_exception('no, thanks') }} § no, thanks",
                "{{ word.getClass() }} § line 1: 'getClass' is undefined",
                "{{ person.__class__.__mro__ }} § line 1: '__class__' is undefined",
                "{{ items[0](1) }} § line 1: an integer cannot be called",
                "{{ 1 // 0 }} § line 1: 1 // 0: / by zero",
                "{{ 99999999999999999999 }} § line 1: the number 99999999999999999999 is too large"
            })
    void problemsAreNamedWithTheirLine(String template, String problem) {
        assertThatThrownBy(() -> render(template.strip()))
                .isInstanceOf(TemplateException.class)
                .hasMessage(problem.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %} | the template",
                "{{ 'x' * 999999999999 }} | a string grows",
                "{% set n = namespace(s='xxxxxxxx') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %} | a string grows",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }} | macros call each other",
                "{{ range(99999999) }} | a range has more than",
                "{% for i in range(9) %}{{ 'abcdefgh' * 999999 }}{% endfor %} | the template writes more than",
                "{{ 9223372036854775807 + 1 }} | 9223372036854775807 + 1: long overflow",
                "{{ 10 ** 99 }} | 10 ** 99: too large"
            })
    void nothingGrowsWithoutBound(String template, String problem) {
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThatThrownBy(() -> render(template))
                        .isInstanceOf(TemplateException.class)
                        .hasMessageContaining(problem.strip()));
    }

    @ParameterizedTest
    @CsvSource({"(, ), nested more than", "-, '', nested more than", "[, ], nested more than", "1 +, '', nests too deep"
    })
    void nestingIsLimited(String open, String close, String problem) {
        int depth = 200_000;
        String template = "{{ " + (open + " ").repeat(depth) + "1 " + close.repeat(depth) + " }}";
        assertThatThrownBy(() -> render(template))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void nestedBlocksAreLimited() {
        assertThatThrownBy(() -> render("{% if 1 %}".repeat(200)))
                .hasMessage("line 1: blocks are nested more than 100 deep");
    }

    @Test
    void longChainsAreNoNesting() {
        assertThat(render("{{ 1" + " + 1".repeat(5_000) + " }}")).isEqualTo("5001");
        assertThat(render("{{ " + "not ".repeat(5_000) + "1 }}")).isEqualTo("True");
    }

    /** Whatever bytes a model brings as its template, the answer is a text or a {@link TemplateException}. */
    @Test
    void anyTextIsATemplateOrRefused() {
        String[] pieces = {
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "-",
            "+",
            " ",
            "\n",
            "if",
            "for",
            "x",
            "in",
            "items",
            "else",
            "endif",
            "endfor",
            "set",
            "=",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "'a'",
            "1",
            "2.5",
            ".",
            "|",
            "join",
            "is",
            "defined",
            "not",
            "and",
            ",",
            ":",
            "~",
            "macro",
            "endmacro",
            "raw",
            "endraw",
            "loop",
            "first",
            "person",
            "*",
            "/",
            "**",
            "text"
        };
        long seed = 99;
        SplittableRandom random = new SplittableRandom(seed);
        int rendered = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder template = new StringBuilder(random.nextBoolean() ? "{{ " : "{% ");
            for (int j = random.nextInt(1, 14); j > 0; j--) {
                template.append(pieces[random.nextInt(pieces.length)]).append(random.nextBoolean() ? " " : "");
            }
            template.append(template.charAt(1) == '{' ? " }}" : " %}");
            try {
                render(template.toString());
                rendered++;
            } catch (TemplateException e) {
                assertThat(e.getMessage()).isNotBlank();
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError("seed " + seed + ", template " + template, e);
            }
        }
        assertThat(rendered).isGreaterThan(100);
    }
}
