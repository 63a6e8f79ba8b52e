package org.medley.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.medley.training.recipe.BadRecipeException;

/** Templates for which a conversation's beginning, rendered by itself, is not a beginning of the whole. */
class ChatMarkerTest {
    private static final String THREE = "{\"messages\":[" + DataFixture.turn("user", "has pain") + ","
            + DataFixture.turn("assistant", "fever") + "," + DataFixture.turn("user", "no cough") + ","
            + DataFixture.turn("assistant", "the patient") + "]}";

    @TempDir
    Path home;

    private String learned(String template, String record) throws Exception {
        try (DataFixture data = new DataFixture(home, template)) {
            TokenStore store = data.open(data.file("c.jsonl", record), Format.chat);
            int[] tokens = store.tokens(0);
            boolean[] learned = store.learned(0);
            StringBuilder text = new StringBuilder();
            for (int from = 0; from < tokens.length; ) {
                int to = from;
                while (to < tokens.length && learned[to] == learned[from]) {
                    to++;
                }
                String part = data.tokenizer.decode(Arrays.copyOfRange(tokens, from, to), false);
                text.append(learned[from] ? "[" + part + "]" : part);
                from = to;
            }
            return text.toString();
        }
    }

    /** As reasoning models' templates do it: the last answer carries thoughts, and loses them once it is not the last. */
    @Test
    void anAnswerThatLosesItsThoughtsLaterIsLearnedAsItStands() throws Exception {
        String template = "{% for m in messages %}<|im_start|>{{ m.role }}\n"
                + "{% if m.role == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}"
                + "{{ m.content }}<|im_end|>\n{% endfor %}"
                + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
        assertThat(learned(template, THREE))
                .isEqualTo("<|im_start|>user\nhas pain<|im_end|>\n<|im_start|>assistant\n[fever<|im_end|>\n]"
                        + "<|im_start|>user\nno cough<|im_end|>\n<|im_start|>assistant\n"
                        + "[<think>\n\n</think>\n\nthe patient<|im_end|>\n]");
    }

    @Test
    void thoughtsInTheContentThatAreCutLaterAreNotLookedFor() throws Exception {
        String template = "{% for m in messages %}<|im_start|>{{ m.role }}\n"
                + "{% if m.role == 'assistant' and not loop.last %}{{ m.content.split('</think>')[-1] }}"
                + "{% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}"
                + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
        assertThat(learned(template, THREE.replace("fever", "<think>hm</think>fever")))
                .isEqualTo("<|im_start|>user\nhas pain<|im_end|>\n<|im_start|>assistant\n[fever<|im_end|>\n]"
                        + "<|im_start|>user\nno cough<|im_end|>\n<|im_start|>assistant\n[the patient<|im_end|>\n]");
    }

    /** No control token between prompt and answer: " fever" is one token of the whole, but the prompt's blank is served. */
    @Test
    void aTokenAcrossTheBorderIsCutThereAsServingDoes() throws Exception {
        String template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
                + "{% if add_generation_prompt %}assistant: {% endif %}";
        try (DataFixture data = new DataFixture(home, template)) {
            String whole = "user: has pain\nassistant: fever\nuser: no cough\nassistant: the patient\n";
            TokenStore store = data.open(data.file("c.jsonl", THREE), Format.chat);
            int[] served = data.tokenizer.encode("user: has pain\nassistant: ");
            assertThat(Arrays.copyOf(data.tokenizer.encode(whole), served.length))
                    .as("the case is one in which tokens lie across the border")
                    .isNotEqualTo(served);
            int[] tokens = store.tokens(0);
            boolean[] learned = store.learned(0);
            assertThat(Arrays.copyOf(tokens, served.length)).isEqualTo(served);
            assertThat(learned[served.length - 1]).isFalse();
            assertThat(learned[served.length]).isTrue();
            assertThat(data.tokenizer.decode(tokens, false)).isEqualTo(whole);
        }
        assertThat(learned(template, THREE))
                .isEqualTo("user: has pain\nassistant: [fever\n]user: no cough\nassistant: [the patient\n]");
    }

    @Test
    void aTemplateThatOpensAnswersOtherwiseWhenAskedIsRefused() {
        String template = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
                + "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}";
        assertThatThrownBy(() -> learned(template, THREE))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("c.jsonl:1: turn 2 cannot be told from what it answers")
                .hasMessageContaining("use a template that opens both the same");
    }

    @Test
    void aTemplateThatRewritesEarlierAnswersIsRefused() {
        String template = "{% for m in messages %}<|im_start|>{{ m.role }}\n"
                + "{% if m.role == 'assistant' and not loop.last %}(left out){% else %}{{ m.content }}{% endif %}"
                + "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
        assertThatThrownBy(() -> learned(template, THREE))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("c.jsonl:1: the end of turn 2 cannot be found")
                .hasMessageContaining("make each answer the last turn of a conversation of its own");
    }

    @Test
    void turnsThatTheTemplateRefusesAreNamed() {
        String template = "{% for m in messages %}{% if m.role == 'system' %}"
                + "{{ raise_exception('no system turns here') }}{% endif %}{{ m.content }}{% endfor %}";
        assertThatThrownBy(() -> learned(
                        template,
                        "{\"messages\":[" + DataFixture.turn("system", "s") + "," + DataFixture.turn("user", "u") + ","
                                + DataFixture.turn("assistant", "a") + "]}"))
                .isInstanceOf(BadRecipeException.class)
                .hasMessageContaining("c.jsonl:1: the model cannot be told these turns")
                .hasMessageContaining("no system turns here");
    }
}
