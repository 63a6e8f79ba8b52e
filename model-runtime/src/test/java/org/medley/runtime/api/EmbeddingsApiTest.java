package org.medley.runtime.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(OpenAiApiTest.Models.class)
class EmbeddingsApiTest {
    private static ValidatableResponse post(String path, String body) {
        return given().header("Authorization", "Bearer test-key-of-sixteen")
                .contentType("application/json")
                .body(body)
                .post(path)
                .then();
    }

    private static ValidatableResponse embed(String model, String fields) {
        return post("/v1/embeddings", "{\"model\":\"" + model + "\"," + fields + "}");
    }

    @ParameterizedTest
    @CsvSource({"zy-encoder, 7", "bge-small-en-v1.5-q, 3"})
    void vectorsAreOfUnitLengthAndTheSamePacked(String model, int tokens) {
        List<Float> plain = embed(model, "\"input\":[\"head pain\",\"pain\"]")
                .statusCode(200)
                .header("X-Medley-Model", model)
                .body("model", equalTo(model))
                .body("data", hasSize(2))
                .body("data.index", hasItems(0, 1))
                .body("usage.prompt_tokens", equalTo(tokens))
                .extract()
                .path("data[0].embedding");
        assertThat(plain.stream().mapToDouble(x -> x * x).sum()).isCloseTo(1, within(1e-4));
        String packed = embed(model, "\"input\":\"head pain\",\"encoding_format\":\"base64\"")
                .statusCode(200)
                .extract()
                .path("data[0].embedding");
        float[] unpacked = new float[plain.size()];
        ByteBuffer.wrap(Base64.getDecoder().decode(packed))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(unpacked);
        assertThat(unpacked[0]).isCloseTo(plain.getFirst(), within(1e-6f));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "zy-encoder | 'input':[] | 400 | input | 1 to 256",
                "zy-encoder | 'input':['a',''] | 400 | input | not empty",
                "zy-encoder | 'input':'a','dimensions':5 | 400 | dimensions | 32 to 32",
                "zy-encoder | 'input':'a','encoding_format':'int8' | 400 | encoding_format | float and base64",
                "zy-encoder | 'input':'a','input_type':'title' | 400 | input_type | query and document",
                "zy-encoder | 'input':'a','truncate_prompt_tokens':0 | 400 | truncate_prompt_tokens | -1 or at least 1",
                "zy-ranker | 'input':'a' | 400 | model | zy-ranker ranks texts and does not embed them",
                "bge-small-en-v1.5-q | 'input':'a','normalize':false | 400 | input | of unit length only",
                "bge-small-en-v1.5-q | 'input':'a','truncate_prompt_tokens':5 | 400 | input | cuts none",
                "tiny | 'input':'a' | 400 | model | writes texts and does not embed them",
                "nobody | 'input':'a' | 404 | model | there is no model"
            })
    void refusalsNameTheField(String model, String fields, int status, String param, String message) {
        embed(model, fields.replace('\'', '"'))
                .statusCode(status)
                .body("error.param", equalTo(param))
                .body("error.message", containsString(message));
    }

    @Test
    void aTextTooLongIsRefusedOrCut() {
        String text = "\"input\":[\"pain\",\"" + "pain ".repeat(60) + "\"]";
        embed("zy-encoder", text)
                .statusCode(400)
                .body("error.param", equalTo("input"))
                .body("error.message", containsString("text 1 has"));
        embed("zy-encoder", text + ",\"truncate_prompt_tokens\":10")
                .statusCode(200)
                .body("usage.prompt_tokens", equalTo(3 + 10));
    }

    @Test
    void passesAreCounted() {
        embed("zy-encoder", "\"input\":\"pain\"").statusCode(200);
        given().header("Authorization", "Bearer test-key-of-sixteen")
                .get("/q/metrics")
                .then()
                .body(containsString("medley_encoder_texts_total{model_name=\"zy-encoder\"}"))
                .body(containsString("medley_encoder_pass_seconds_sum{model_name=\"zy-encoder\"}"));
    }

    @Test
    void anEncoderWritesNothing() {
        post("/v1/chat/completions", "{\"model\":\"zy-encoder\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}")
                .statusCode(400)
                .body("error.message", containsString("zy-encoder embeds or ranks texts and writes none"));
    }
}
