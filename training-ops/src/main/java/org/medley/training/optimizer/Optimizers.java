package org.medley.training.optimizer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes optimizers, and says beforehand what they hold. */
public final class Optimizers {
    /** Below this many elements compressed states save next to nothing; the published limit of both methods. */
    private static final int FEW = 4096;

    private Optimizers() {}

    /**
     * An optimizer of these parameters, whose values are not touched before its first step.
     *
     * @param states where its tensors are made; with the planned form the optimizer must not step
     * @throws IllegalArgumentException if two parameters have one name
     */
    public static Optimizer make(Settings settings, List<Parameter> parameters, States states) {
        Map<Parameter, Rule> rules = new LinkedHashMap<>();
        for (Parameter parameter : parameters) {
            rules.put(parameter, rule(settings, parameter, states));
        }
        return new PerTensor(rules, states);
    }

    /** Bytes of the states that {@link #make} would allocate; scratch memory of single steps is not in it. */
    public static long bytes(Settings settings, List<Parameter> parameters) {
        return make(settings, parameters, States.planned()).states().bytes();
    }

    private static Rule rule(Settings settings, Parameter parameter, States states) {
        boolean large = parameter.matrix() && parameter.size() >= FEW;
        return switch (settings.method()) {
            case adamw -> new AdamW(settings, parameter, states);
            case adan -> new Adan(settings, parameter, states);
            case adamw_win, adamw_win2 -> new Win(settings, parameter, states);
            case adam_mini -> new AdamMini(settings, parameter, states);
            case galore ->
                parameter.matrix() && !parameter.tokenTable()
                        ? new GaLore(settings, parameter, states)
                        : new AdamW(settings, parameter, states);
            case adamw8bit ->
                large && !parameter.tokenTable()
                        ? new AdamW8bit(settings, parameter, states)
                        : new AdamW(settings, parameter, states);
            case shampoo4bit ->
                large ? new Shampoo4bit(settings, parameter, states) : new AdamW(settings, parameter, states);
        };
    }
}
