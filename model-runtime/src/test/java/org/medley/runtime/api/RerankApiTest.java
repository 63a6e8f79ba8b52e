package org.medley.runtime.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.either;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@QuarkusTestResource(OpenAiApiTest.Models.class)
class RerankApiTest {
    private static final String EMBEDDER = "bge-small-en-v1.5-q";

    private static ValidatableResponse post(String path, String model, String fields) {
        return given().header("Authorization", "Bearer test-key-of-sixteen")
                .contentType("application/json")
                .body("{\"model\":\"" + model + "\"," + fields + "}")
                .post(path)
                .then();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/rerank", "/rerank"})
    void whatAnswersTheQueryComesFirst(String path) {
        List<Float> scores = post(
                        path,
                        EMBEDDER,
                        "\"query\":\"treatment of high blood pressure\",\"return_documents\":true,\"documents\":["
                                + "\"The harbour was full of sailing boats.\","
                                + "{\"text\":\"Hypertension is treated with ACE inhibitors.\"},"
                                + "\"Bread needs flour, water and salt.\"]")
                .statusCode(200)
                .header("X-Medley-Model", EMBEDDER)
                .body("model", equalTo(EMBEDDER))
                .body("results.size()", equalTo(3))
                .body("results[0].index", equalTo(1))
                .body("results[0].document.text", containsString("ACE inhibitors"))
                .extract()
                .path("results.relevance_score");
        assertThat(scores).isSortedAccordingTo(Collections.reverseOrder()).allMatch(score -> score <= 1.001);
        assertThat(scores.getFirst()).isGreaterThan(scores.get(1) + 0.1f);
    }

    @ParameterizedTest
    @ValueSource(strings = {"zy-ranker", "zy-encoder"})
    void modelsOfTheFolderRank(String model) {
        String fields = "\"query\":\"head pain\",\"documents\":[\"pain\",\"head\",\"pain in the head\"]";
        List<Float> scores = post("/v1/rerank", model, fields)
                .statusCode(200)
                .body("results.index", containsInAnyOrder(0, 1, 2))
                .body("usage.prompt_tokens", greaterThan(10))
                .extract()
                .path("results.relevance_score");
        assertThat(scores).isSortedAccordingTo(Collections.reverseOrder());
        String longer = fields.replace("\"head\"", "\"" + "head ".repeat(60) + "\"");
        post("/v1/rerank", model, longer)
                .statusCode(400)
                .body("error.param", equalTo("documents"))
                .body(
                        "error.message",
                        either(containsString("text 1 has")).or(containsString("document 1 with the query has")));
        post("/v1/rerank", model, longer + ",\"truncate_prompt_tokens\":-1").statusCode(200);
    }

    @Test
    void onlyTheFirstAreToldIfSoAsked() {
        post("/v1/rerank", EMBEDDER, "\"query\":\"a fish\",\"documents\":[\"a stone\",\"a trout\"],\"top_n\":1")
                .statusCode(200)
                .body("results.size()", equalTo(1))
                .body("results[0].index", equalTo(1))
                .body("results[0].document", nullValue());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'query':'a','documents':[] | documents | there are 0",
                "'query':'a','documents':['b',{'title':'c'}] | documents[1] | must be a string",
                "'documents':['b'] | query | is missing",
                "'query':'a','documents':['b'],'top_n':0 | top_n | is 0"
            })
    void refusalsNameTheField(String fields, String param, String message) {
        post("/v1/rerank", EMBEDDER, fields.replace('\'', '"'))
                .statusCode(400)
                .body("error.param", equalTo(param))
                .body("error.message", containsString(message));
    }

    @Test
    void manyDocumentsAndOtherModelsAreRefused() {
        String many = String.join(",", Collections.nCopies(257, "\"a\""));
        post("/v1/rerank", EMBEDDER, "\"query\":\"a\",\"documents\":[" + many + "]")
                .statusCode(400)
                .body("error.message", containsString("there are 257"));
        post("/v1/rerank", "nobody", "\"query\":\"a\",\"documents\":[\"b\"]").statusCode(404);
        post("/v1/rerank", "tiny", "\"query\":\"a\",\"documents\":[\"b\"]")
                .statusCode(400)
                .body("error.message", containsString("tiny writes texts and does not embed them"));
        given().contentType("application/json")
                .body("{}")
                .post("/rerank")
                .then()
                .statusCode(401);
    }
}
