package org.medley.runtime.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.NotFoundException;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.embeddings.EmbeddingCreateParams;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import io.github.sashirestela.openai.SimpleOpenAI;
import io.github.sashirestela.openai.common.function.FunctionDef;
import io.github.sashirestela.openai.common.function.FunctionExecutor;
import io.github.sashirestela.openai.common.function.Functional;
import io.github.sashirestela.openai.common.tool.ToolChoiceOption;
import io.github.sashirestela.openai.domain.chat.Chat;
import io.github.sashirestela.openai.domain.chat.ChatMessage;
import io.github.sashirestela.openai.domain.embedding.EmbeddingRequest;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/** Clients that were made for other servers, unchanged: chat, streams, tools, embeddings. */
@QuarkusTest
@QuarkusTestResource(OpenAiApiTest.Models.class)
class ClientsTest {
    private static final String KEY = "test-key-of-sixteen";
    private static final String EMBEDDER = "bge-small-en-v1.5-q";

    @ConfigProperty(name = "quarkus.http.test-port")
    int port;

    private String url() {
        return "http://localhost:" + port;
    }

    private OpenAIClient official() {
        return OpenAIOkHttpClient.builder().apiKey(KEY).baseUrl(url() + "/v1").build();
    }

    private static ChatCompletionCreateParams.Builder hello() {
        return ChatCompletionCreateParams.builder()
                .model("tiny")
                .addUserMessage("hello")
                .temperature(0.0)
                .maxCompletionTokens(8);
    }

    @Test
    void openAisOwnClientChatsStreamsCallsAndEmbeds() throws Exception {
        OpenAIClient client = official();
        ChatCompletion whole = client.chat().completions().create(hello().build());
        String text = whole.choices().getFirst().message().content().orElseThrow();
        assertThat(whole.usage().orElseThrow().completionTokens()).isPositive();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(hello().build())) {
            String streamed = stream.stream()
                    .flatMap(chunk -> chunk.choices().stream())
                    .flatMap(choice -> choice.delta().content().stream())
                    .collect(Collectors.joining());
            assertThat(streamed).isEqualTo(text);
        }
        FunctionParameters parameters = FunctionParameters.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty("properties", JsonValue.from(Map.of("age", Map.of("type", "integer"))))
                .putAdditionalProperty("required", JsonValue.from(List.of("age")))
                .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                .build();
        ChatCompletionCreateParams calling = hello().maxCompletionTokens(100)
                .addTool(ChatCompletionFunctionTool.builder()
                        .function(FunctionDefinition.builder()
                                .name("record_age")
                                .parameters(parameters)
                                .build())
                        .build())
                .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
                .parallelToolCalls(false)
                .build();
        var function = client.chat()
                .completions()
                .create(calling)
                .choices()
                .getFirst()
                .message()
                .toolCalls()
                .orElseThrow()
                .getFirst()
                .asFunction()
                .function();
        assertThat(function.name()).isEqualTo("record_age");
        JsonNode arguments = new ObjectMapper().readTree(function.arguments());
        assertThat(arguments.get("age").isIntegralNumber()).isTrue();
        var embeddings = client.embeddings()
                .create(EmbeddingCreateParams.builder()
                        .model(EMBEDDER)
                        .input("chest pain")
                        .build());
        assertThat(embeddings.data().getFirst().embedding()).hasSize(384);
        assertThatThrownBy(() ->
                        client.chat().completions().create(hello().model("none").build()))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("there is no model 'none'");
    }

    /** A function as the third client declares them. */
    public static final class RecordAge implements Functional {
        @JsonProperty(required = true)
        public int age;

        @Override
        public Object execute() {
            return age;
        }
    }

    @Test
    void aThirdClientChatsStreamsCallsAndEmbeds() {
        SimpleOpenAI client = SimpleOpenAI.builder().apiKey(KEY).baseUrl(url()).build();
        var request = io.github.sashirestela.openai.domain.chat.ChatRequest.builder()
                .model("tiny")
                .message(ChatMessage.UserMessage.of("hello"))
                .temperature(0.0)
                .maxCompletionTokens(8)
                .build();
        String text = client.chatCompletions().create(request).join().firstContent();
        String streamed = client.chatCompletions()
                .createStream(request)
                .join()
                .filter(chunk -> !chunk.getChoices().isEmpty() && chunk.firstContent() != null)
                .map(Chat::firstContent)
                .collect(Collectors.joining());
        assertThat(streamed).isEqualTo(text);
        FunctionExecutor functions = new FunctionExecutor();
        functions.enrollFunction(FunctionDef.builder()
                .name("record_age")
                .description("records an age")
                .functionalClass(RecordAge.class)
                .strict(Boolean.FALSE)
                .build());
        var calling = io.github.sashirestela.openai.domain.chat.ChatRequest.builder()
                .model("tiny")
                .message(ChatMessage.UserMessage.of("hello"))
                .temperature(0.0)
                .maxCompletionTokens(100)
                .tools(functions.getToolFunctions())
                .toolChoice(ToolChoiceOption.REQUIRED)
                .build();
        var call = client.chatCompletions()
                .create(calling)
                .join()
                .firstMessage()
                .getToolCalls()
                .getFirst()
                .getFunction();
        assertThat(call.getName()).isEqualTo("record_age");
        assertThat(functions.<Object>execute(call)).isInstanceOf(Integer.class);
        var embeddings = client.embeddings()
                .create(EmbeddingRequest.builder()
                        .model(EMBEDDER)
                        .input(List.of("chest pain"))
                        .build())
                .join();
        assertThat(embeddings.getData().getFirst().getEmbedding()).hasSize(384);
    }

    @Test
    void langChain4jCallsAndEmbeds() {
        OpenAiChatModel model = OpenAiChatModel.builder()
                .baseUrl(url() + "/v1")
                .apiKey(KEY)
                .modelName("tiny")
                .temperature(0.0)
                .maxTokens(100)
                .build();
        ChatResponse response = model.chat(ChatRequest.builder()
                .messages(UserMessage.from("hello"))
                .toolSpecifications(ToolSpecification.builder()
                        .name("record_age")
                        .parameters(JsonObjectSchema.builder()
                                .addIntegerProperty("age")
                                .required("age")
                                .additionalProperties(false)
                                .build())
                        .build())
                .toolChoice(ToolChoice.REQUIRED)
                .build());
        assertThat(response.aiMessage().toolExecutionRequests()).isNotEmpty();
        assertThat(response.aiMessage().toolExecutionRequests().getFirst().arguments())
                .startsWith("{")
                .contains("age");
        OpenAiEmbeddingModel embeddings = OpenAiEmbeddingModel.builder()
                .baseUrl(url() + "/v1")
                .apiKey(KEY)
                .modelName(EMBEDDER)
                .build();
        assertThat(embeddings.embed("chest pain").content().vector()).hasSize(384);
    }
}
