package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * One fusion of models of the same shape and vocabulary.
 *
 * @param base the model the others were trained from; needed by task arithmetic and TIES
 * @param normalize divide by the weights that took part; default: linear and TIES true, task arithmetic false
 * @param lambda what the merged difference to the base, with linear the merged weights, is multiplied by; default 1
 * @param dtype format of the result, F32 or BF16; default BF16
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FuseRecipe(
        String name,
        String description,
        Method method,
        String base,
        List<Source> models,
        Boolean normalize,
        Double lambda,
        String dtype)
        implements Recipe {

    /** How weights are merged. */
    public enum Method {
        /** Weighted mean of the weights. */
        linear,
        /** Base plus weighted sum of the differences to it (Ilharco et al. 2023). */
        task_arithmetic,
        /** Task arithmetic after trimming small differences and electing a sign per weight (Yadav et al. 2023). */
        ties
    }

    /**
     * @param model name or folder
     * @param weight default 1
     * @param density share of the largest differences kept by TIES; default 1
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Source(String model, Double weight, Double density) {}

    FuseRecipe completed(Checks checks) {
        checks.name(name);
        checks.that(method != null, "method", "is missing; linear, task_arithmetic and ties are possible");
        checks.that(
                method == Method.linear || base != null,
                "base",
                "is missing; " + method + " needs the model the others were trained from");
        checks.that(method != Method.linear || base == null, "base", "is not used by linear; remove it");
        checks.that(models != null && models.size() >= 2, "models", "needs at least two models to fuse");
        List<Source> sources = new java.util.ArrayList<>();
        for (int i = 0; i < models.size(); i++) {
            Source source = models.get(i);
            String at = "models[" + i + "].";
            checks.that(source != null, "models[" + i + "]", "is empty; it needs a model");
            checks.that(
                    source.model != null && !source.model.isBlank(),
                    at + "model",
                    "is missing; the name or folder of a model");
            checks.that(
                    source.density == null || method == Method.ties, at + "density", "is used by ties only; remove it");
            sources.add(new Source(
                    source.model,
                    checks.range(at + "weight", source.weight, 1.0, -10, 10),
                    method == Method.ties ? checks.range(at + "density", source.density, 1.0, 0.001, 1) : null));
        }
        boolean divided = normalize != null ? normalize : method != Method.task_arithmetic;
        double sum = sources.stream().mapToDouble(Source::weight).sum();
        checks.that(
                method != Method.linear || !divided || Math.abs(sum) > 1e-6,
                "models",
                "have weights that add up to 0, by which linear divides; change one, or set normalize to false");
        return new FuseRecipe(
                name,
                description,
                method,
                base,
                List.copyOf(sources),
                divided,
                checks.range("lambda", lambda, 1.0, -10, 10),
                checks.dtype(dtype));
    }
}
