package org.medley.libtorch;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorList;
import org.bytedeco.pytorch.global.torch;
import org.medley.training.bench.Recipe;
import org.medley.training.optimizer.Settings;

/**
 * libtorch's one-pass AdamW. Its C++ class torch::optim::AdamW makes a pass over memory for every operation; this is the
 * operator that Python's AdamW(fused=True) calls.
 */
final class FusedAdamW implements AutoCloseable {
    private final OperatorHandle operator = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "");
    private final double weightDecay;
    private final List<Tensor> parameters;
    private final List<Tensor> means;
    private final List<Tensor> squares;
    private final List<Tensor> steps;

    FusedAdamW(List<Tensor> parameters, double weightDecay) {
        this.parameters = parameters;
        this.weightDecay = weightDecay;
        means = parameters.stream().map(torch::zeros_like).toList();
        squares = parameters.stream().map(torch::zeros_like).toList();
        steps = parameters.stream().map(parameter -> torch.zeros(1)).toList();
    }

    void step() {
        Settings settings = Recipe.SETTINGS;
        try (PointerScope scope = new PointerScope()) {
            steps.forEach(step -> step.add_(new Scalar(1f)));
            List<Tensor> gradients = parameters.stream().map(Tensor::grad).toList();
            IValueVector stack = new IValueVector();
            for (List<Tensor> tensors : List.of(parameters, gradients, means, squares, List.<Tensor>of(), steps)) {
                stack.push_back(list(tensors));
            }
            stack.push_back(new IValue((double) Recipe.RATE));
            stack.push_back(new IValue((double) settings.beta1()));
            stack.push_back(new IValue((double) settings.beta2()));
            stack.push_back(new IValue(weightDecay));
            stack.push_back(new IValue((double) settings.epsilon()));
            stack.push_back(new IValue(false)); // amsgrad
            stack.push_back(new IValue(false)); // maximize
            stack.push_back(new IValue()); // the gradients' scale
            stack.push_back(new IValue()); // where infinities are noted
            operator.callBoxed(stack);
        }
    }

    private static IValue list(List<Tensor> tensors) {
        GenericList list = new GenericList(new TensorList().elementType());
        tensors.forEach(tensor -> list.push_back(new IValue(tensor)));
        return new IValue(list);
    }

    @Override
    public void close() {
        List.of(means, squares, steps).forEach(tensors -> tensors.forEach(Tensor::close));
    }
}
