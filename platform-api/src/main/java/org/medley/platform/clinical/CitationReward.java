package org.medley.platform.clinical;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.KnowledgeLoader;
import org.medley.training.reward.Answer;
import org.medley.training.reward.Reward;
import org.medley.training.reward.RewardKind;
import org.medley.training.reward.RewardSettings;

/**
 * The share of an answer's sentences that the passages of its prompt, or the case in it, support by the check that the
 * platform makes of every reasoning. Key: {@code least} sentences that are expected (3); one supported sentence alone is
 * a third of an answer.
 */
public final class CitationReward implements RewardKind {
    private static final Pattern PASSAGE = Pattern.compile("(?m)^\\[(\\d+)] ([^:\n]+): (.+)$");
    private static final Pattern LIST = Pattern.compile("(?m)^(Present|Absent): (.+?)\\.$");

    @Override
    public String name() {
        return "citations";
    }

    @Override
    public String about() {
        return "the passages and the case hold what it says";
    }

    @Override
    public Set<String> keys() {
        return Set.of("least");
    }

    @Override
    public void check(RewardSettings settings) {
        settings.number("least", 3, 1, 100);
    }

    @Override
    public Reward make(RewardSettings settings, Function<String, Path> models) {
        double least = settings.number("least", 3, 1, 100);
        Knowledge knowledge = KnowledgeLoader.load();
        List<String> vocabulary = knowledge.findings().values().stream()
                .map(Knowledge.Finding::label)
                .toList();
        List<String> conditions = knowledge.conditions().values().stream()
                .map(Knowledge.Condition::inText)
                .toList();
        return answers -> answers.stream()
                .mapToDouble(answer -> share(answer, vocabulary, conditions, least))
                .toArray();
    }

    private static double share(Answer answer, List<String> vocabulary, List<String> conditions, double least) {
        String asked = "";
        for (JsonNode message : answer.prompt().path("messages")) {
            asked = message.path("content").asText();
        }
        List<Assessment.Cited> passages = passages(asked);
        if (passages.isEmpty()) {
            throw new IllegalArgumentException(
                    "a prompt has no passages to cite; its last message needs lines such as \"[1] Title: text\"");
        }
        CitationCheck.CaseFindings findings =
                new CitationCheck.CaseFindings(listed(asked, "Present"), listed(asked, "Absent"), conditions);
        List<Reasoning.Sentence> sentences = CitationCheck.check(answer.text(), passages, findings, vocabulary);
        long supported = sentences.stream()
                .filter(s -> s.status() == Reasoning.Status.supported)
                .count();
        return supported / Math.max(least, sentences.size());
    }

    private static List<String> listed(String asked, String what) {
        Matcher lines = LIST.matcher(asked);
        while (lines.find()) {
            if (lines.group(1).equals(what)) {
                return List.of(lines.group(2).split(", "));
            }
        }
        return List.of();
    }

    private static List<Assessment.Cited> passages(String asked) {
        List<Assessment.Cited> passages = new ArrayList<>();
        Matcher lines = PASSAGE.matcher(asked);
        while (lines.find()) {
            passages.add(new Assessment.Cited(
                    Integer.parseInt(lines.group(1)), "", lines.group(2), "", lines.group(3), List.of()));
        }
        return passages;
    }
}
