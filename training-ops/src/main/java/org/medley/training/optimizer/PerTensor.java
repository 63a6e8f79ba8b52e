package org.medley.training.optimizer;

import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;

/** An optimizer that treats each parameter by a rule of its own. */
final class PerTensor implements Optimizer {
    private final Map<Parameter, Rule> rules;
    private final States states;

    PerTensor(Map<Parameter, Rule> rules, States states) {
        this.rules = rules;
        this.states = states;
    }

    @Override
    public void step(Map<String, Tensor> gradients, int step, float learningRate, float gradientScale) {
        if (step < 1) {
            throw new IllegalArgumentException("step is " + step + "; steps are counted from 1");
        }
        Rule.Pace pace = new Rule.Pace(step, learningRate, gradientScale);
        rules.keySet().forEach(parameter -> check(parameter, gradients.get(parameter.name())));
        rules.forEach((parameter, rule) -> rule.apply(gradients.get(parameter.name()), pace));
    }

    private static void check(Parameter parameter, Tensor gradient) {
        if (gradient == null) {
            throw new IllegalArgumentException("there is no gradient of parameter " + parameter.name());
        }
        if (gradient.dtype() != DType.F32
                || gradient.size() != parameter.value().size()) {
            throw new IllegalArgumentException(
                    "the gradient of parameter " + parameter.name() + " " + parameter.value() + " is " + gradient);
        }
    }

    @Override
    public States states() {
        return states;
    }
}
