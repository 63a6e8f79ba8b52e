package org.medley.platform.starter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.medley.training.reward.Answer;
import org.medley.training.reward.Reward;
import org.medley.training.reward.RewardKinds;
import org.medley.training.reward.RewardSettings;

/** The clinical judges of answers, found as plug-ins. */
class ClinicalRewardsTest {
    private static final String CASE = "Case: man, 26 years. Complaint: headache.\n"
            + "Present: headache, neck stiffness, fever.\nAbsent: confusion.\nRisks: none.\n"
            + "[1] Bacterial meningitis, presentation: Bacterial meningitis brings headache, fever and neck stiffness.\n"
            + "[2] Migraine, presentation: Migraine gives attacks of pulsating headache with nausea.\n";

    private static double judge(String kind, String answer) {
        return judge(kind, Map.of(), answer);
    }

    private static double judge(String kind, Map<String, Object> settings, String answer) {
        JsonNode prompt = new ObjectMapper()
                .createObjectNode()
                .put("condition", "bacterial-meningitis")
                .set(
                        "messages",
                        new ObjectMapper()
                                .createArrayNode()
                                .add(new ObjectMapper()
                                        .createObjectNode()
                                        .put("role", "user")
                                        .put("content", CASE)));
        return judge(kind, settings, prompt, answer);
    }

    private static double judge(String kind, Map<String, Object> settings, JsonNode prompt, String answer) {
        try (Reward reward = RewardKinds.named(kind).make(new RewardSettings(settings), name -> null)) {
            return reward.judge(List.of(new Answer(prompt, answer, true)))[0];
        }
    }

    @Test
    void theDifferentialIsJudgedByThePlaceOfTheRightCondition() {
        assertThat(judge("differential", "Most likely is bacterial meningitis [1]; next comes migraine [2]."))
                .isEqualTo(1);
        assertThat(judge("differential", "Most likely is migraine [2]; next comes bacterial meningitis [1]."))
                .isEqualTo(0.4);
        assertThat(judge("differential", "Most likely is migraine.")).isZero();
        JsonNode other = new ObjectMapper().createObjectNode().put("condition", "melancholy");
        assertThatThrownBy(() -> judge("differential", Map.of(), other, "x"))
                .hasMessageContaining("a prompt's \"condition\" is no condition of the knowledge base");
    }

    @Test
    void aFirstSentenceThatNamesAConditionTwiceIsWorthLess() {
        String twice = "Most likely is bacterial meningitis [1]; next come migraine and migraine.";
        String later = "Most likely is bacterial meningitis [1]. Fever fits bacterial meningitis [1].";

        assertThat(judge("differential", twice)).isEqualTo(1);
        assertThat(judge("differential", Map.of("repeated", 0.25), twice)).isEqualTo(0.25);
        assertThat(judge("differential", Map.of("repeated", 0.25), later)).isEqualTo(1);
    }

    @Test
    void citationsAreJudgedBySupportedSentences() {
        String good = "Most likely is bacterial meningitis [1]. Neck stiffness and fever fit bacterial meningitis [1]."
                + " Migraine gives attacks of pulsating headache with nausea [2].";
        assertThat(judge("citations", good)).isEqualTo(1);
        assertThat(judge("citations", good.replace("[2]", "[7]"))).isBetween(0.6, 0.7);
        assertThat(judge("citations", "Most likely is bacterial meningitis [1]."))
                .isBetween(0.3, 0.4);
        assertThat(judge("citations", "It is surely a broken leg [1].")).isZero();
        JsonNode none = new ObjectMapper().createObjectNode();
        assertThatThrownBy(() -> judge("citations", Map.of(), none, "x"))
                .hasMessageContaining("has no passages to cite");
    }
}
