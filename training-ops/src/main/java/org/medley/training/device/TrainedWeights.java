package org.medley.training.device;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.medley.runtime.tensor.Tensor;

/**
 * The weights that a device is to hold, all F32 on the host.
 *
 * @param network all that the network reads, by name
 * @param used what is trained, as the network uses it: a part of {@code network}, or additions to it
 * @param masters what is trained, by the same names; the same tensors where the host rounds nothing
 * @param products the layers' matrices among {@code network}, which scaled formats are for
 */
public record TrainedWeights(
        Map<String, Tensor> network,
        Map<String, Tensor> used,
        Map<String, Tensor> masters,
        Collection<Tensor> products) {
    /** Whether additions are trained and the network's own weights stay. */
    public boolean frozen() {
        return !used.keySet().equals(network.keySet());
    }

    /** The matrices of the layers: all but tables of tokens, the head and routers. */
    public static List<Tensor> products(Map<String, Tensor> parameters) {
        List<Tensor> products = new ArrayList<>();
        parameters.forEach((name, tensor) -> {
            if (tensor.shape().length > 1 && name.matches(".*(_proj|\\.w[123])\\.weight")) {
                products.add(tensor);
            }
        });
        return products;
    }
}
