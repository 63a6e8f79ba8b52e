package org.medley.platform.clinical;

import java.util.List;
import org.medley.platform.knowledge.Knowledge.Condition;

/**
 * Conditions ranked by probability, and what is left over for conditions that the base does not hold.
 *
 * @param unexplained probability of "none of these"
 */
public record Differential(List<Ranked> ranked, double unexplained) {
    /**
     * @param probability posterior, all conditions and the unexplained rest summing to 1
     * @param evidence what moved it, strongest first
     */
    public record Ranked(Condition condition, double probability, List<Evidence> evidence) {
        public List<Evidence> supporting() {
            return evidence.stream().filter(e -> e.weight() > 0).toList();
        }

        public List<Evidence> opposing() {
            return evidence.stream().filter(e -> e.weight() < 0).toList();
        }
    }

    /**
     * @param finding id of a finding or risk factor
     * @param present or looked for and absent
     * @param weight natural logarithm of the likelihood ratio against the background
     * @param why the base's own words for evidence against, or null
     */
    public record Evidence(String finding, String label, boolean present, double weight, String why) {}
}
