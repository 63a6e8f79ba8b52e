package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchemaRefusalTest {
    private static final Vocabulary VOCABULARY = AwkwardVocabulary.of(1, 300);

    private static Grammar compile(String schema) {
        return Grammar.compile(new Syntax.JsonSchema(schema), VOCABULARY);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {"not":{}} | #/not: 'not' is not supported
                    {"if":{}} | #/if: 'if' is not supported
                    {"properties":{"a":{"then":{}}}} | #/properties/a/then: 'then' is not supported
                    {"items":{"else":{}}} | #/items/else: 'else' is not supported
                    {"dependentRequired":{}} | #/dependentRequired: 'dependentRequired' is not supported
                    {"dependentSchemas":{}} | #/dependentSchemas: 'dependentSchemas' is not supported
                    {"dependencies":{}} | #/dependencies: 'dependencies' is not supported
                    {"unevaluatedProperties":false} | #/unevaluatedProperties: 'unevaluatedProperties' is not supported
                    {"unevaluatedItems":false} | #/unevaluatedItems: 'unevaluatedItems' is not supported
                    {"contains":{}} | #/contains: 'contains' is not supported
                    {"propertyNames":{}} | #/propertyNames: 'propertyNames' is not supported
                    {"uniqueItems":true} | #/uniqueItems: 'uniqueItems' is not supported
                    {"contentEncoding":"base64"} | #/contentEncoding: 'contentEncoding' is not supported
                    {"$anchor":"a"} | #/$anchor: '$anchor' is not supported
                    {"$dynamicRef":"#a"} | #/$dynamicRef: '$dynamicRef' is not supported
                    {"properties":{"a":{"$id":"x"}}} | #/properties/a/$id: '$id' is not a keyword known here
                    {"nullable":true} | #/nullable: 'nullable' is not a keyword known here
                    {"properties":{"a/b~c":{"minLenght":1}}} | #/properties/a~1b~0c/minLenght: 'minLenght' is not a keyword known here
                    {"anyOf":[{},{"allOf":[{"not":{}}]}]} | #/anyOf/1/allOf/0/not: 'not' is not supported
                    {"$ref":"#/$defs/a","$defs":{"a":{"not":{}}}} | #/$defs/a/not: 'not' is not supported
                    {"type":"integer","multipleOf":2} | #/multipleOf: 'multipleOf' is supported as 1 for integers only
                    {"type":"number","multipleOf":1} | #/multipleOf: 'multipleOf' is supported as 1 for integers only
                    {"type":"string","format":"regex"} | #/format: format 'regex' is not supported; supported are date, date-time, duration, email, hostname, ipv4, ipv6, time, uri, uuid
                    {"type":"string","pattern":"(?=a)"} | #/pattern: pattern (?=a) at character 0: look-ahead is not supported
                    {"patternProperties":{"[":{}}} | #/patternProperties/[: pattern [ at character 1: the class that begins at character 0 is not closed
                    {"enum":[{"a":1}],"required":["a"]} | #/required: 'required' is not supported for objects and arrays that enum or const list
                    {"minProperties":3,"additionalProperties":true,"properties":{"a":{}}} | #/minProperties: 'minProperties' beyond the listed names and one more is not supported: other names may be written twice
                    {"type":"text"} | #/type: 'type' has to be one of or a list of array, boolean, integer, null, number, object, string
                    {"type":[]} | #/type: 'type' has to be one of or a list of array, boolean, integer, null, number, object, string
                    {"enum":[]} | #/enum: 'enum' has to be a list that is not empty
                    {"anyOf":[]} | #/anyOf: 'anyOf' has to be a list of schemas that is not empty
                    {"anyOf":{}} | #/anyOf: 'anyOf' has to be a list of schemas that is not empty
                    {"properties":[]} | #/properties: 'properties' has to be an object of schemas
                    {"properties":{"a":1}} | #/properties/a: a schema has to be an object, true or false
                    {"required":"a"} | #/required: 'required' has to be a list of different strings
                    {"required":["a","a"]} | #/required: 'required' has to be a list of different strings
                    {"items":1} | #/items: 'items' has to be a schema, or a list of schemas
                    {"minLength":-1} | #/minLength: 'minLength' has to be an integer from 0 to 1048574
                    {"maxItems":1.5} | #/maxItems: 'maxItems' has to be an integer from 0 to 1048574
                    {"maxLength":2000000} | #/maxLength: 'maxLength' has to be an integer from 0 to 1048574
                    {"minimum":"1"} | #/minimum: 'minimum' has to be a number
                    {"exclusiveMinimum":true} | #/exclusiveMinimum: 'exclusiveMinimum' has to be a number
                    {"minimum":1e4000} | #/minimum: the number has too many digits
                    {"pattern":1} | #/pattern: 'pattern' has to be a string
                    {"uniqueItems":1} | #/uniqueItems: 'uniqueItems' has to be true or false
                    {"$ref":"other.json"} | #/$ref: 'other.json' is not within the schema; references such as #/$defs/name are supported
                    {"$ref":"#/$defs/b"} | #/$ref: '#/$defs/b' leads to nothing in the schema
                    {"$ref":"#"} | #: the schema refers back to itself with no value in between
                    {"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"allOf":[{"$ref":"#"}]}}} | #: the schema refers back to itself with no value in between
                    {"additionalItems":{}} | #/additionalItems: 'additionalItems' has a meaning only beside a list in 'items'
                    {"items":[{}],"prefixItems":[{}]} | #/items: 'items' cannot be a list beside 'prefixItems'
                    7 | #: a schema has to be an object, true or false
                    {"type":"string" | #: the schema is not valid JSON: Unexpected end-of-input
                    {} {} | #: the schema is not valid JSON: Trailing token
                    {"type":"null","type":"null"} | #: the schema is not valid JSON: Duplicate field 'type'
                    `` | #: the schema is empty; it has to be a JSON object, true or false
                    false | no text satisfies what is asked
                    {"enum":[1],"type":"string"} | no text satisfies what is asked
                    {"type":"integer","minimum":3,"maximum":2} | no text satisfies what is asked
                    {"minLength":3,"maxLength":2} | no text satisfies what is asked
                    {"type":"array","items":false,"minItems":1} | no text satisfies what is asked
                    {"required":["a"],"properties":{"a":{"$ref":"#"}}} | no text satisfies what is asked
                    {"required":["b"],"properties":{"a":{}},"additionalProperties":false} | no text satisfies what is asked
                    {"allOf":[{"type":"string","pattern":"^a"},{"pattern":"^b"}]} | no text satisfies what is asked
                    """)
    void whatIsUnsupportedOrMalformedIsRefusedByItsPlace(String schema, String message) {
        assertThatThrownBy(() -> compile(schema == null ? "" : schema))
                .isInstanceOf(GrammarException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void whatIsTooLargeIsRefused() {
        String deep = "{\"items\":".repeat(70) + "{}" + "}".repeat(70);
        assertThatThrownBy(() -> compile(deep))
                .hasMessageMatching("#(/items)+: the schema is nested more than 64 deep");
        String evenDeeper = "[".repeat(10_000);
        assertThatThrownBy(() -> compile(evenDeeper)).hasMessageStartingWith("#: the schema is not valid JSON");
        String large = "{\"title\":\"" + "x".repeat(1 << 18) + "\"}";
        assertThatThrownBy(() -> compile(large)).hasMessage("#: the schema is longer than 262144 characters");
        String multiplied = "{\"allOf\":["
                + IntStream.range(0, 9)
                        .mapToObj(i -> "{\"anyOf\":[{\"minLength\":" + i + "},{\"maxLength\":" + (i + 9) + "}]}")
                        .collect(Collectors.joining(","))
                + "]}";
        assertThatThrownBy(() -> compile(multiplied)).hasMessage("#: alternatives multiply to more than 256");
        String chain = IntStream.range(0, 200)
                .mapToObj(i -> "\"d" + i + "\":{\"$ref\":\"#/$defs/d" + (i + 1) + "\"}")
                .collect(Collectors.joining(",", "{\"$ref\":\"#/$defs/d0\",\"$defs\":{", ",\"d200\":{}}}"));
        assertThatThrownBy(() -> compile(chain))
                .hasMessage("#/$defs/d99: more than 100 references and allOf, anyOf lead on from one to the next");
        String states = "{\"type\":\"string\",\"pattern\":\"^(a|b)*a(a|b){16}$\",\"minLength\":900,\"maxLength\":1000}";
        assertThatThrownBy(() -> compile(states)).hasMessageStartingWith("needs more than 400000 automaton states");
        Limits hurried = new Limits(1000, 64, 1 << 20, 256, Duration.ofMillis(1));
        assertThatThrownBy(() -> Grammar.compile(
                        new Syntax.JsonSchema("{\"type\":\"string\",\"pattern\":\"^(a|b)*a(a|b){14}$\"}"),
                        VOCABULARY,
                        hurried))
                .hasMessageContaining("takes longer than 1 ms to compile");
    }

    /** Thousands of definitions, each leading to the next through a member, need no deep recursion. */
    @Test
    void longChainsOfMembersCompile() {
        String chain = IntStream.range(0, 3000)
                .mapToObj(i -> "\"d" + i + "\":{\"type\":\"object\",\"properties\":{\"n\":{\"$ref\":\"#/$defs/d"
                        + (i + 1) + "\"}}}")
                .collect(Collectors.joining(",", "{\"$ref\":\"#/$defs/d0\",\"$defs\":{", ",\"d3000\":{}}}"));
        GrammarState state = compile(chain).start();
        assertThat(state.forced()).isEqualTo(new byte[] {'{'});
    }
}
