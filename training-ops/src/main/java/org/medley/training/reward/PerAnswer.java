package org.medley.training.reward;

import java.util.List;

/** A reward that looks at one answer at a time. */
@FunctionalInterface
interface PerAnswer extends Reward {
    double judge(Answer answer);

    @Override
    default double[] judge(List<Answer> answers) {
        return answers.stream().mapToDouble(this::judge).toArray();
    }

    /** What a prompt's record holds to compare with. */
    static String wanted(Answer answer, String field) {
        var value = answer.prompt().path(field);
        if (!value.isValueNode() || value.isNull()) {
            throw new IllegalArgumentException("a prompt has no \"" + field + "\" to compare answers with; "
                    + "give each record one, or name another by the reward's 'field'");
        }
        return value.asText();
    }
}
