package org.medley.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.medley.training.recipe.BadRecipeException;
import org.medley.training.recipe.RewardSection;
import org.medley.training.reward.Answer;
import org.medley.training.reward.Reward;
import org.medley.training.reward.RewardKinds;
import org.medley.training.reward.RewardSettings;

/** A recipe's rewards together: their weighted sum. */
final class Judges implements AutoCloseable {
    private final List<RewardSection> sections;
    private final List<Reward> rewards = new ArrayList<>();

    Judges(List<RewardSection> sections, Catalog catalog) {
        this.sections = sections;
        try {
            for (RewardSection section : sections) {
                rewards.add(
                        RewardKinds.named(section.kind()).make(new RewardSettings(section.settings()), catalog::model));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** @param prompt the record that all were asked by */
    double[] judge(JsonNode prompt, List<Rollouts.Written> written) {
        List<Answer> answers = written.stream()
                .map(w -> new Answer(prompt, w.text(), w.ended()))
                .toList();
        double[] sums = new double[answers.size()];
        for (int i = 0; i < rewards.size(); i++) {
            double[] judged;
            try {
                judged = rewards.get(i).judge(answers);
            } catch (IllegalArgumentException e) {
                throw new BadRecipeException(
                        "reinforce.rewards[" + i + "] (" + sections.get(i).kind() + "): " + e.getMessage(), e);
            }
            for (int a = 0; a < sums.length; a++) {
                sums[a] += sections.get(i).weight() * judged[a];
            }
        }
        return sums;
    }

    @Override
    public void close() {
        rewards.forEach(Reward::close);
    }
}
